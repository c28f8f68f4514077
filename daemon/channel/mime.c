/* SPDX-License-Identifier: ISC */
/* How a mail is written (RFC 5322, 2045, 2047). */
#include "channel/mime.h"

#include "base/hash.h"
#include "base/text.h"

#define LINE_MAX_COLUMNS 76
#define WORD_MAX 60         /* a longer word is encoded, so that lines can be folded */
#define ENCODED_OVERHEAD 12 /* =?UTF-8?B??= */
#define ADDRESS_MAX 254     /* RFC 5321 4.5.3.1.3, less the angle brackets */
#define TEXT_MAX 4000       /* bytes of one header field's text */

static bool is_plain(struct str s)
{
	size_t word = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < 0x20 || s.p[i] > 0x7e)
			return false;
		word = s.p[i] == ' ' ? 0 : word + 1;
		if (word > WORD_MAX)
			return false;
	}
	return str_find(s, STR("=?")) == STR_NPOS;
}

/* Words one after the other; `*column` is where the line stands. */
static void add_plain(struct strbuf *out, struct str s, size_t *column)
{
	struct str rest = s, word;
	bool first = true;
	while (str_split(&rest, ' ', &word)) {
		if (!first && *column + 1 + word.len > LINE_MAX_COLUMNS && !str_empty(word)) {
			strbuf_adds(out, "\r\n ");
			*column = 1;
		} else if (!first) {
			strbuf_addc(out, ' ');
			*column += 1;
		}
		strbuf_add(out, word);
		*column += word.len;
		first = false;
	}
}

/* Encoded words of whole code points, each at most one line. */
static void add_encoded(struct strbuf *out, struct str s, size_t *column)
{
	for (struct str rest = s; !str_empty(rest);) {
		size_t room = *column + ENCODED_OVERHEAD + 8 > LINE_MAX_COLUMNS
				      ? 0
				      : LINE_MAX_COLUMNS - *column - ENCODED_OVERHEAD;
		struct str piece = text_cut(rest, room / 4 * 3);
		if (str_empty(piece)) {
			strbuf_adds(out, "\r\n ");
			*column = 1;
			continue;
		}
		size_t before = out->len;
		strbuf_adds(out, "=?UTF-8?B?");
		hash_base64(out, piece);
		strbuf_adds(out, "?=");
		*column += out->len - before;
		rest = str_from(rest, piece.len);
		if (!str_empty(rest)) {
			strbuf_adds(out, "\r\n ");
			*column = 1;
		}
	}
}

/* One line of clean text: no control can start another field. */
static void one_line(struct strbuf *out, struct str text)
{
	AUTO(strbuf) struct strbuf repaired = STRBUF_INIT(TEXT_MAX * 4);
	text_repair(&repaired, text_cut(text, TEXT_MAX));
	text_fold_space(out, strbuf_str(&repaired));
}

void mime_header(struct strbuf *out, const char *name, struct str text)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(TEXT_MAX * 4);
	size_t column = strlen(name) + 2;
	one_line(&line, text);
	strbuf_addf(out, "%s: ", name);
	if (is_plain(strbuf_str(&line)))
		add_plain(out, strbuf_str(&line), &column);
	else
		add_encoded(out, strbuf_str(&line), &column);
	strbuf_adds(out, "\r\n");
}

int mime_address(struct str mailbox, struct str *ret_address, struct err *e)
{
	struct str s = str_trim(mailbox);
	size_t open = str_rchr(s, '<');
	struct str name = STR("");
	if (str_ends(s, STR(">")) && open != STR_NPOS) {
		name = str_slice(s, 0, open);
		s = str_slice(s, open + 1, s.len - 1);
	}
	size_t at = str_rchr(s, '@');
	bool good = true;
	for (size_t i = 0; good && i < name.len; i++)
		good = (unsigned char)name.p[i] >= 0x20 && name.p[i] != '<' && name.p[i] != '>';
	good = good && at != STR_NPOS && at > 0 && at + 1 < s.len && s.len <= ADDRESS_MAX;
	for (size_t i = 0; good && i < s.len; i++)
		good = s.p[i] > 0x20 && s.p[i] < 0x7f &&
		       str_chr(STR("<>()[]\\,;:\""), s.p[i]) == STR_NPOS &&
		       (s.p[i] != '@' || i == at);
	if (!good)
		return err_set(e, ERR_CONFIG,
			       "\"%.*s\" is no mail address, expected name@host or \"Name "
			       "<name@host>\" in ASCII",
			       STR_ARG(text_cut_points(mailbox, 80)));
	*ret_address = s;
	return 0;
}

static struct str display_name(struct str mailbox)
{
	struct str s = str_trim(mailbox);
	size_t open = str_rchr(s, '<');
	s = open == STR_NPOS ? STR("") : str_trim(str_slice(s, 0, open));
	if (s.len >= 2 && str_starts(s, STR("\"")) && str_ends(s, STR("\"")))
		s = str_slice(s, 1, s.len - 1);
	return s;
}

static bool is_phrase(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_alnum(s.p[i]) &&
		    str_chr(STR(" !#$%&'*+-/=?^_`{|}~"), s.p[i]) == STR_NPOS)
			return false;
	return true;
}

static void add_mailbox(struct strbuf *out, struct str mailbox, struct str address, size_t column)
{
	AUTO(strbuf) struct strbuf name = STRBUF_INIT(TEXT_MAX * 4);
	one_line(&name, display_name(mailbox));
	struct str s = strbuf_str(&name);
	if (!str_empty(s)) {
		/* other signs would have to be quoted; an encoded word says the same without rules
		 * of its own */
		if (is_plain(s) && is_phrase(s))
			add_plain(out, s, &column);
		else
			add_encoded(out, s, &column);
		strbuf_adds(out, column + address.len + 3 > LINE_MAX_COLUMNS ? "\r\n " : " ");
	}
	strbuf_addf(out, str_empty(s) ? "%.*s" : "<%.*s>", STR_ARG(address));
}

void mime_mailboxes(struct strbuf *out, const char *name, const struct str *mailboxes, size_t n)
{
	size_t column = strlen(name) + 2;
	bool first = true;
	strbuf_addf(out, "%s: ", name);
	for (size_t i = 0; i < n; i++) {
		struct str address;
		struct err ignored = { 0 };
		if (mime_address(mailboxes[i], &address, &ignored) != 0)
			continue;
		if (!first) {
			strbuf_adds(out, ",\r\n ");
			column = 1;
		}
		first = false;
		add_mailbox(out, mailboxes[i], address, column);
	}
	strbuf_adds(out, "\r\n");
}

void mime_quoted_printable(struct strbuf *out, struct str text)
{
	size_t column = 0;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c == '\n') {
			strbuf_adds(out, "\r\n");
			column = 0;
			continue;
		}
		bool line_ends = i + 1 == text.len || text.p[i + 1] == '\n';
		bool starts_badly =
			column == 0 && (c == '.' || str_starts(str_from(text, i), STR("From ")));
		bool literal = (c > 0x20 && c < 0x7f && c != '=' && !starts_badly) ||
			       (c == ' ' && !line_ends);
		if (column + (literal ? 1 : 3) > LINE_MAX_COLUMNS - 1) {
			strbuf_adds(out, "=\r\n");
			column = 0;
			starts_badly = c == '.' || str_starts(str_from(text, i), STR("From "));
			literal = literal && !starts_badly;
		}
		if (literal)
			strbuf_addc(out, (char)c);
		else
			strbuf_addf(out, "=%02X", c);
		column += literal ? 1 : 3;
	}
}
