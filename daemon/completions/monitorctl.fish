# fish completion for monitorctl; made by "monitorctl completion fish" from the table of commands
complete -c monitorctl -f
complete -c monitorctl -l json -d 'print JSON, one object a line, for scripts'
complete -c monitorctl -l socket -d 'the daemon'\''s control socket (else $MONITORD_SOCKET, else the usual places)' -r -F
complete -c monitorctl -l help -d 'say how the command is used'
complete -c monitorctl -n __fish_use_subcommand -a add-watch -d 'look for a query in every new post'
complete -c monitorctl -n '__fish_seen_subcommand_from add-watch' -l name -d 'name of the watch (else made from the query)' -x
complete -c monitorctl -n '__fish_seen_subcommand_from add-watch' -l channel -d 'tell this channel; may be repeated (else the default ones)' -x -a '(monitorctl __names channel 2>/dev/null)'
complete -c monitorctl -n '__fish_seen_subcommand_from add-watch' -l source -d 'look only in this source; may be repeated (else in all)' -x -a '(monitorctl __names source 2>/dev/null)'
complete -c monitorctl -n '__fish_seen_subcommand_from add-watch' -l on -d 'tell this; may be repeated (else new: edit and delete follow up what was told)' -x -a 'new edit delete'
complete -c monitorctl -n '__fish_seen_subcommand_from add-watch' -l paused -d 'add it, but do not look yet'
complete -c monitorctl -n __fish_use_subcommand -a list-watches -d 'list the watches'
complete -c monitorctl -n __fish_use_subcommand -a show-watch -d 'show all about a watch'
complete -c monitorctl -n '__fish_seen_subcommand_from show-watch' -a '(monitorctl __names watch 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a edit-watch -d 'change a watch that was added by add-watch'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-watch' -a '(monitorctl __names watch 2>/dev/null)'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-watch' -l name -d 'the new name' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-watch' -l query -d 'the new query' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-watch' -l channel -d 'tell this channel instead; may be repeated' -x -a '(monitorctl __names channel 2>/dev/null)'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-watch' -l default-channels -d 'tell the default channels'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-watch' -l source -d 'look only in this source; may be repeated' -x -a '(monitorctl __names source 2>/dev/null)'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-watch' -l all-sources -d 'look in all sources'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-watch' -l on -d 'tell this instead; may be repeated' -x -a 'new edit delete'
complete -c monitorctl -n __fish_use_subcommand -a remove-watch -d 'forget a watch; its alerts stay'
complete -c monitorctl -n '__fish_seen_subcommand_from remove-watch' -a '(monitorctl __names watch 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a pause-watch -d 'look no more until resume-watch'
complete -c monitorctl -n '__fish_seen_subcommand_from pause-watch' -a '(monitorctl __names watch 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a resume-watch -d 'look again'
complete -c monitorctl -n '__fish_seen_subcommand_from resume-watch' -a '(monitorctl __names watch 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a add-person -d 'say which accounts and names are somebody'\''s'
complete -c monitorctl -n '__fish_seen_subcommand_from add-person' -l account -d 'platform:handle such as x:elonmusk, or the address of a profile; may be repeated' -x
complete -c monitorctl -n '__fish_seen_subcommand_from add-person' -l alias -d 'another name, in any script; may be repeated' -x
complete -c monitorctl -n '__fish_seen_subcommand_from add-person' -l follow -d 'read the accounts too, as sources'
complete -c monitorctl -n '__fish_seen_subcommand_from add-person' -l read-as -d 'as which account to read them, where a network wants one and there are several (list-accounts)' -x
complete -c monitorctl -n '__fish_seen_subcommand_from add-person' -l allow-private -d 'let the sources be on private or loopback addresses'
complete -c monitorctl -n __fish_use_subcommand -a list-people -d 'list the people'
complete -c monitorctl -n __fish_use_subcommand -a show-person -d 'show all about a person, and who asks for it'
complete -c monitorctl -n '__fish_seen_subcommand_from show-person' -a '(monitorctl __names person 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a edit-person -d 'change a person that was added by add-person'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-person' -a '(monitorctl __names person 2>/dev/null)'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-person' -l name -d 'the new name' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-person' -l account -d 'these accounts instead; may be repeated' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-person' -l add-account -d 'this account too; may be repeated' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-person' -l alias -d 'these other names instead; may be repeated' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-person' -l add-alias -d 'this other name too; may be repeated' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-person' -l follow -d 'read the accounts too, as sources'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-person' -l read-as -d 'as which account to read them, where a network wants one and there are several (list-accounts)' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-person' -l allow-private -d 'let the sources be on private or loopback addresses'
complete -c monitorctl -n __fish_use_subcommand -a remove-person -d 'forget a person that no watch asks for'
complete -c monitorctl -n '__fish_seen_subcommand_from remove-person' -a '(monitorctl __names person 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a add-source -d 'follow a feed, the feed of a web page, or an account, hashtag or search'
complete -c monitorctl -n '__fish_seen_subcommand_from add-source' -l name -d 'name of the source (else made from the feed'\''s title)' -x
complete -c monitorctl -n '__fish_seen_subcommand_from add-source' -l type -d 'what it is (else detected)' -x -a 'feed jsonfeed x mastodon bluesky jetstream'
complete -c monitorctl -n '__fish_seen_subcommand_from add-source' -l every -d 'poll that often, such as 5m (else as the feed asks)' -x
complete -c monitorctl -n '__fish_seen_subcommand_from add-source' -l backfill -d 'let posts alert that are already there, so old at most' -x -a '24h all'
complete -c monitorctl -n '__fish_seen_subcommand_from add-source' -l allow-private -d 'let it be on a private or loopback address'
complete -c monitorctl -n '__fish_seen_subcommand_from add-source' -l tag -d 'tag it; may be repeated.  A watch may look in --source '\''#TAG'\'' only' -x
complete -c monitorctl -n '__fish_seen_subcommand_from add-source' -l username -d 'user name for the server' -x
complete -c monitorctl -n '__fish_seen_subcommand_from add-source' -l password-file -d 'read the password from FILE, - for standard input' -r -F
complete -c monitorctl -n '__fish_seen_subcommand_from add-source' -l set -d 'a setting of the type; may be repeated' -x
complete -c monitorctl -n __fish_use_subcommand -a import-opml -d 'follow the feeds of an OPML file, - for standard input'
complete -c monitorctl -n '__fish_seen_subcommand_from import-opml' -F
complete -c monitorctl -n '__fish_seen_subcommand_from import-opml' -l dry-run -d 'only say what would be done'
complete -c monitorctl -n '__fish_seen_subcommand_from import-opml' -l every -d 'poll them that often, such as 5m (else as each feed asks)' -x
complete -c monitorctl -n '__fish_seen_subcommand_from import-opml' -l backfill -d 'let posts alert that are already there, so old at most' -x -a '24h all'
complete -c monitorctl -n '__fish_seen_subcommand_from import-opml' -l allow-private -d 'let them be on private or loopback addresses'
complete -c monitorctl -n __fish_use_subcommand -a export-opml -d 'print the feeds as OPML, for feed readers and import-opml'
complete -c monitorctl -n __fish_use_subcommand -a list-sources -d 'list the sources and how they fare'
complete -c monitorctl -n __fish_use_subcommand -a show-source -d 'show all about a source'
complete -c monitorctl -n '__fish_seen_subcommand_from show-source' -a '(monitorctl __names source 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a edit-source -d 'change a source that was added by add-source'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-source' -a '(monitorctl __names source 2>/dev/null)'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-source' -l url -d 'the new address' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-source' -l every -d 'poll that often; auto: as the feed asks' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-source' -l backfill -d 'let posts alert that are already there, so old at most' -x -a '24h all'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-source' -l allow-private -d 'let it be on a private or loopback address'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-source' -l no-allow-private -d 'refuse private addresses again'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-source' -l username -d 'user name for the server' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-source' -l password-file -d 'read the password from FILE, - for standard input' -r -F
complete -c monitorctl -n '__fish_seen_subcommand_from edit-source' -l set -d 'a setting of the type; may be repeated' -x
complete -c monitorctl -n __fish_use_subcommand -a remove-source -d 'follow it no more; its posts stay'
complete -c monitorctl -n '__fish_seen_subcommand_from remove-source' -a '(monitorctl __names source 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a pause-source -d 'poll no more until resume-source'
complete -c monitorctl -n '__fish_seen_subcommand_from pause-source' -a '(monitorctl __names source 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a resume-source -d 'poll again'
complete -c monitorctl -n '__fish_seen_subcommand_from resume-source' -a '(monitorctl __names source 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a poll-source -d 'poll now and say what came'
complete -c monitorctl -n '__fish_seen_subcommand_from poll-source' -a '(monitorctl __names source 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a login -d 'give an account its token, and try it with the network'
complete -c monitorctl -n '__fish_seen_subcommand_from login' -l type -d 'of its sources, for an account that is not in the configuration' -x -a 'feed jsonfeed x mastodon bluesky jetstream'
complete -c monitorctl -n '__fish_seen_subcommand_from login' -l api -d 'the server'\''s API, where that is not the network'\''s own' -x
complete -c monitorctl -n '__fish_seen_subcommand_from login' -l username -d 'name to log in with, where the token does not say it' -x
complete -c monitorctl -n '__fish_seen_subcommand_from login' -l token-file -d 'read the token from FILE, - for standard input (else ask at the terminal)' -r -F
complete -c monitorctl -n '__fish_seen_subcommand_from login' -l allow-private -d 'let the API be on a private or loopback address'
complete -c monitorctl -n __fish_use_subcommand -a logout -d 'forget the token that login gave'
complete -c monitorctl -n __fish_use_subcommand -a list-accounts -d 'list the accounts'
complete -c monitorctl -n __fish_use_subcommand -a add-channel -d 'add a way to tell'
complete -c monitorctl -n '__fish_seen_subcommand_from add-channel' -a 'console webhook slack email'
complete -c monitorctl -n '__fish_seen_subcommand_from add-channel' -l name -d 'name of the channel (else made from the type)' -x
complete -c monitorctl -n '__fish_seen_subcommand_from add-channel' -l default -d 'used by every watch that names no channel'
complete -c monitorctl -n '__fish_seen_subcommand_from add-channel' -l operator -d 'tell it when a source goes blind or a channel mute'
complete -c monitorctl -n '__fish_seen_subcommand_from add-channel' -l secret-file -d 'read the signing key or password from FILE, - for standard input' -r -F
complete -c monitorctl -n '__fish_seen_subcommand_from add-channel' -l spacing -d 'least time between two alerts' -x
complete -c monitorctl -n '__fish_seen_subcommand_from add-channel' -l allow-private -d 'let it be on a private or loopback address'
complete -c monitorctl -n '__fish_seen_subcommand_from add-channel' -l set -d 'a setting of the type; may be repeated' -x
complete -c monitorctl -n __fish_use_subcommand -a list-channels -d 'list the channels and how they fare'
complete -c monitorctl -n __fish_use_subcommand -a show-channel -d 'show all about a channel'
complete -c monitorctl -n '__fish_seen_subcommand_from show-channel' -a '(monitorctl __names channel 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a edit-channel -d 'change a channel that was added by add-channel'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-channel' -a '(monitorctl __names channel 2>/dev/null)'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-channel' -l url -d 'the new address' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-channel' -l default -d 'used by every watch that names no channel'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-channel' -l no-default -d 'used only by watches that name it'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-channel' -l operator -d 'tell it when a source goes blind or a channel mute'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-channel' -l no-operator -d 'no more of that'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-channel' -l secret-file -d 'read the signing key or password from FILE, - for standard input' -r -F
complete -c monitorctl -n '__fish_seen_subcommand_from edit-channel' -l spacing -d 'least time between two alerts; auto: as the type has it' -x
complete -c monitorctl -n '__fish_seen_subcommand_from edit-channel' -l allow-private -d 'let it be on a private or loopback address'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-channel' -l no-allow-private -d 'refuse private addresses again'
complete -c monitorctl -n '__fish_seen_subcommand_from edit-channel' -l set -d 'a setting of the type; may be repeated' -x
complete -c monitorctl -n __fish_use_subcommand -a remove-channel -d 'tell it nothing more'
complete -c monitorctl -n '__fish_seen_subcommand_from remove-channel' -a '(monitorctl __names channel 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a pause-channel -d 'keep its alerts back until resume-channel'
complete -c monitorctl -n '__fish_seen_subcommand_from pause-channel' -a '(monitorctl __names channel 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a resume-channel -d 'send again, first what was kept back'
complete -c monitorctl -n '__fish_seen_subcommand_from resume-channel' -a '(monitorctl __names channel 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a test-channel -d 'send a test alert and print the answer'
complete -c monitorctl -n '__fish_seen_subcommand_from test-channel' -a '(monitorctl __names channel 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a tail -d 'follow posts and alerts as they come'
complete -c monitorctl -n '__fish_seen_subcommand_from tail' -l watch -d 'only alerts of this watch' -x -a '(monitorctl __names watch 2>/dev/null)'
complete -c monitorctl -n '__fish_seen_subcommand_from tail' -l kind -d 'of post, deleted, alert, delivery, source (else post,alert)' -x
complete -c monitorctl -n '__fish_seen_subcommand_from tail' -l count -d 'end after N of them' -x
complete -c monitorctl -n __fish_use_subcommand -a test-watch -d 'say what a watch would have told, by the archive'
complete -c monitorctl -n '__fish_seen_subcommand_from test-watch' -l since -d 'that far back (else 30d)' -x
complete -c monitorctl -n __fish_use_subcommand -a explain -d 'say why a post matches or not, clause by clause'
complete -c monitorctl -n '__fish_seen_subcommand_from explain' -a '(monitorctl __names watch 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a lint -d 'say what is odd about a query, and what it costs'
complete -c monitorctl -n '__fish_seen_subcommand_from lint' -a '(monitorctl __names watch 2>/dev/null)'
complete -c monitorctl -n __fish_use_subcommand -a search -d 'search the archive of posts, newest first'
complete -c monitorctl -n '__fish_seen_subcommand_from search' -l since -d 'only what came since then: 7d, or 2024-05-01T00:00:00Z' -x
complete -c monitorctl -n '__fish_seen_subcommand_from search' -l limit -d 'at most N posts' -x
complete -c monitorctl -n __fish_use_subcommand -a list-alerts -d 'list alerts, newest first'
complete -c monitorctl -n '__fish_seen_subcommand_from list-alerts' -l watch -d 'only those of this watch' -x -a '(monitorctl __names watch 2>/dev/null)'
complete -c monitorctl -n '__fish_seen_subcommand_from list-alerts' -l since -d 'only those since then: 7d, or 2024-05-01T00:00:00Z' -x
complete -c monitorctl -n '__fish_seen_subcommand_from list-alerts' -l limit -d 'at most N (else 50)' -x
complete -c monitorctl -n __fish_use_subcommand -a show-alert -d 'show an alert and where it went'
complete -c monitorctl -n __fish_use_subcommand -a list-deliveries -d 'list what is being told to whom, oldest first'
complete -c monitorctl -n '__fish_seen_subcommand_from list-deliveries' -l state -d 'only those (dead: given up, see retry-delivery)' -x -a 'waiting delivered dead'
complete -c monitorctl -n '__fish_seen_subcommand_from list-deliveries' -l channel -d 'only those to this channel' -x -a '(monitorctl __names channel 2>/dev/null)'
complete -c monitorctl -n '__fish_seen_subcommand_from list-deliveries' -l limit -d 'at most N (else 50)' -x
complete -c monitorctl -n __fish_use_subcommand -a retry-delivery -d 'try a waiting or dead delivery again now'
complete -c monitorctl -n __fish_use_subcommand -a status -d 'say how monitord fares, first of all what it cannot see'
complete -c monitorctl -n '__fish_seen_subcommand_from status' -l check -d 'exit with 1 if something is blind, mute, untold or down'
complete -c monitorctl -n __fish_use_subcommand -a reload -d 'read the configuration again, or keep the old one and say why'
complete -c monitorctl -n __fish_use_subcommand -a check-config -d 'check a configuration file; needs no daemon'
complete -c monitorctl -n '__fish_seen_subcommand_from check-config' -F
complete -c monitorctl -n __fish_use_subcommand -a parse -d 'print the posts that monitord would see in a document'
complete -c monitorctl -n '__fish_seen_subcommand_from parse' -F
complete -c monitorctl -n '__fish_seen_subcommand_from parse' -l type -d 'what it is (else detected)' -x -a 'feed jsonfeed x mastodon bluesky jetstream'
complete -c monitorctl -n '__fish_seen_subcommand_from parse' -l base-url -d 'where the document came from: base of its relative links' -x
complete -c monitorctl -n '__fish_seen_subcommand_from parse' -l content-type -d 'the Content-Type that the server sent' -x
complete -c monitorctl -n __fish_use_subcommand -a match -d 'print those posts of a file of JSON lines that match'
complete -c monitorctl -n '__fish_seen_subcommand_from match' -l explain -d 'say which clause decided, also for those that do not match'
complete -c monitorctl -n __fish_use_subcommand -a completion -d 'print the completion script for a shell'
complete -c monitorctl -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'
complete -c monitorctl -n __fish_use_subcommand -a help -d 'say how a command is used'
complete -c monitorctl -n '__fish_seen_subcommand_from help' -a 'add-watch list-watches show-watch edit-watch remove-watch pause-watch resume-watch add-person list-people show-person edit-person remove-person add-source import-opml export-opml list-sources show-source edit-source remove-source pause-source resume-source poll-source login logout list-accounts add-channel list-channels show-channel edit-channel remove-channel pause-channel resume-channel test-channel tail test-watch explain lint search list-alerts show-alert list-deliveries retry-delivery status reload check-config parse match completion help'
