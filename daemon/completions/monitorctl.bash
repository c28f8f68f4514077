# bash completion for monitorctl; made by "monitorctl completion bash" from the table of commands
_monitorctl_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}
_monitorctl_names() {
	local name
	while IFS= read -r name; do
		[[ $name == "$cur"* ]] && COMPREPLY+=("$name")
	done < <(monitorctl __names "$1" 2>/dev/null)
}
_monitorctl_files() {
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	compopt -o filenames 2>/dev/null
}
_monitorctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
	local command='' i options
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--socket) ((i++)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $command:$prev in
	*:--socket) _monitorctl_files; return ;;
	add-watch:--name) :; return ;;
	add-watch:--channel) _monitorctl_names channel; return ;;
	add-watch:--source) _monitorctl_names source; return ;;
	add-watch:--on) _monitorctl_words "new edit delete"; return ;;
	edit-watch:--name) :; return ;;
	edit-watch:--query) :; return ;;
	edit-watch:--channel) _monitorctl_names channel; return ;;
	edit-watch:--source) _monitorctl_names source; return ;;
	edit-watch:--on) _monitorctl_words "new edit delete"; return ;;
	add-person:--account) :; return ;;
	add-person:--alias) :; return ;;
	add-person:--read-as) :; return ;;
	edit-person:--name) :; return ;;
	edit-person:--account) :; return ;;
	edit-person:--add-account) :; return ;;
	edit-person:--alias) :; return ;;
	edit-person:--add-alias) :; return ;;
	edit-person:--read-as) :; return ;;
	add-source:--name) :; return ;;
	add-source:--type) _monitorctl_words "feed jsonfeed x mastodon bluesky jetstream"; return ;;
	add-source:--every) :; return ;;
	add-source:--backfill) _monitorctl_words "24h all"; return ;;
	add-source:--tag) :; return ;;
	add-source:--username) :; return ;;
	add-source:--password-file) _monitorctl_files; return ;;
	add-source:--set) :; return ;;
	import-opml:--every) :; return ;;
	import-opml:--backfill) _monitorctl_words "24h all"; return ;;
	edit-source:--url) :; return ;;
	edit-source:--every) :; return ;;
	edit-source:--backfill) _monitorctl_words "24h all"; return ;;
	edit-source:--username) :; return ;;
	edit-source:--password-file) _monitorctl_files; return ;;
	edit-source:--set) :; return ;;
	login:--type) _monitorctl_words "feed jsonfeed x mastodon bluesky jetstream"; return ;;
	login:--api) :; return ;;
	login:--username) :; return ;;
	login:--token-file) _monitorctl_files; return ;;
	add-channel:--name) :; return ;;
	add-channel:--secret-file) _monitorctl_files; return ;;
	add-channel:--spacing) :; return ;;
	add-channel:--set) :; return ;;
	edit-channel:--url) :; return ;;
	edit-channel:--secret-file) _monitorctl_files; return ;;
	edit-channel:--spacing) :; return ;;
	edit-channel:--set) :; return ;;
	tail:--watch) _monitorctl_names watch; return ;;
	tail:--kind) :; return ;;
	tail:--count) :; return ;;
	test-watch:--since) :; return ;;
	search:--since) :; return ;;
	search:--limit) :; return ;;
	list-alerts:--watch) _monitorctl_names watch; return ;;
	list-alerts:--since) :; return ;;
	list-alerts:--limit) :; return ;;
	list-deliveries:--state) _monitorctl_words "waiting delivered dead"; return ;;
	list-deliveries:--channel) _monitorctl_names channel; return ;;
	list-deliveries:--limit) :; return ;;
	parse:--type) _monitorctl_words "feed jsonfeed x mastodon bluesky jetstream"; return ;;
	parse:--base-url) :; return ;;
	parse:--content-type) :; return ;;
	esac
	options=" --json --socket --help"
	case $command in
	"") [[ $cur == -* ]] || _monitorctl_words "add-watch list-watches show-watch edit-watch remove-watch pause-watch resume-watch add-person list-people show-person edit-person remove-person add-source import-opml export-opml list-sources show-source edit-source remove-source pause-source resume-source poll-source login logout list-accounts add-channel list-channels show-channel edit-channel remove-channel pause-channel resume-channel test-channel tail test-watch explain lint search list-alerts show-alert list-deliveries retry-delivery status reload check-config parse match completion help" ;;
	add-watch)
		options+=" --name --channel --source --on --paused"
		[[ $cur == -* ]] || :
		;;
	list-watches)
		;;
	show-watch)
		[[ $cur == -* ]] || _monitorctl_names watch
		;;
	edit-watch)
		options+=" --name --query --channel --default-channels --source --all-sources --on"
		[[ $cur == -* ]] || _monitorctl_names watch
		;;
	remove-watch)
		[[ $cur == -* ]] || _monitorctl_names watch
		;;
	pause-watch)
		[[ $cur == -* ]] || _monitorctl_names watch
		;;
	resume-watch)
		[[ $cur == -* ]] || _monitorctl_names watch
		;;
	add-person)
		options+=" --account --alias --follow --read-as --allow-private"
		[[ $cur == -* ]] || :
		;;
	list-people)
		;;
	show-person)
		[[ $cur == -* ]] || _monitorctl_names person
		;;
	edit-person)
		options+=" --name --account --add-account --alias --add-alias --follow --read-as --allow-private"
		[[ $cur == -* ]] || _monitorctl_names person
		;;
	remove-person)
		[[ $cur == -* ]] || _monitorctl_names person
		;;
	add-source)
		options+=" --name --type --every --backfill --allow-private --tag --username --password-file --set"
		[[ $cur == -* ]] || :
		;;
	import-opml)
		options+=" --dry-run --every --backfill --allow-private"
		[[ $cur == -* ]] || _monitorctl_files
		;;
	export-opml)
		;;
	list-sources)
		;;
	show-source)
		[[ $cur == -* ]] || _monitorctl_names source
		;;
	edit-source)
		options+=" --url --every --backfill --allow-private --no-allow-private --username --password-file --set"
		[[ $cur == -* ]] || _monitorctl_names source
		;;
	remove-source)
		[[ $cur == -* ]] || _monitorctl_names source
		;;
	pause-source)
		[[ $cur == -* ]] || _monitorctl_names source
		;;
	resume-source)
		[[ $cur == -* ]] || _monitorctl_names source
		;;
	poll-source)
		[[ $cur == -* ]] || _monitorctl_names source
		;;
	login)
		options+=" --type --api --username --token-file --allow-private"
		[[ $cur == -* ]] || :
		;;
	logout)
		[[ $cur == -* ]] || :
		;;
	list-accounts)
		;;
	add-channel)
		options+=" --name --default --operator --secret-file --spacing --allow-private --set"
		[[ $cur == -* ]] || _monitorctl_words "console webhook slack email"
		;;
	list-channels)
		;;
	show-channel)
		[[ $cur == -* ]] || _monitorctl_names channel
		;;
	edit-channel)
		options+=" --url --default --no-default --operator --no-operator --secret-file --spacing --allow-private --no-allow-private --set"
		[[ $cur == -* ]] || _monitorctl_names channel
		;;
	remove-channel)
		[[ $cur == -* ]] || _monitorctl_names channel
		;;
	pause-channel)
		[[ $cur == -* ]] || _monitorctl_names channel
		;;
	resume-channel)
		[[ $cur == -* ]] || _monitorctl_names channel
		;;
	test-channel)
		[[ $cur == -* ]] || _monitorctl_names channel
		;;
	tail)
		options+=" --watch --kind --count"
		;;
	test-watch)
		options+=" --since"
		[[ $cur == -* ]] || :
		;;
	explain)
		[[ $cur == -* ]] || _monitorctl_names watch
		;;
	lint)
		[[ $cur == -* ]] || _monitorctl_names watch
		;;
	search)
		options+=" --since --limit"
		[[ $cur == -* ]] || :
		;;
	list-alerts)
		options+=" --watch --since --limit"
		;;
	show-alert)
		[[ $cur == -* ]] || :
		;;
	list-deliveries)
		options+=" --state --channel --limit"
		;;
	retry-delivery)
		[[ $cur == -* ]] || :
		;;
	status)
		options+=" --check"
		;;
	reload)
		;;
	check-config)
		[[ $cur == -* ]] || _monitorctl_files
		;;
	parse)
		options+=" --type --base-url --content-type"
		[[ $cur == -* ]] || _monitorctl_files
		;;
	match)
		options+=" --explain"
		[[ $cur == -* ]] || :
		;;
	completion)
		[[ $cur == -* ]] || _monitorctl_words "bash zsh fish"
		;;
	help)
		[[ $cur == -* ]] || _monitorctl_words "add-watch list-watches show-watch edit-watch remove-watch pause-watch resume-watch add-person list-people show-person edit-person remove-person add-source import-opml export-opml list-sources show-source edit-source remove-source pause-source resume-source poll-source login logout list-accounts add-channel list-channels show-channel edit-channel remove-channel pause-channel resume-channel test-channel tail test-watch explain lint search list-alerts show-alert list-deliveries retry-delivery status reload check-config parse match completion help"
		;;
	esac
	if [[ $cur == -* ]]; then
		_monitorctl_words "$options"
	fi
}
complete -F _monitorctl monitorctl
