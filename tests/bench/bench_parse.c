/* SPDX-License-Identifier: ISC */
/*
 * How fast feeds become posts, beside libxml2's SAX2 push parser with handlers that do nothing, on the same bytes in the
 * same run: rounds alternate, CPU time, medians.  The feeds are written here, multilingual and like what blogs and
 * newspapers serve; where the corpus lies beside the project its real ones are read in place.  Also the peak memory of a
 * process that holds one large feed and parses it.  Writes JSON to argv[1].
 */
#include <dirent.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/xml.h"
#include "source/source.h"

#define MB 1000000
#define ROUNDS 11
#define SMALL_FEEDS 1000
#define SMALL_BYTES 10000
#define SLICE_POSTS 500 /* as in engine/reading.c */
#define SLICE_BYTES (2u << 20)
#define MEMORY_SPARE_MB 32 /* beside the body: the limit */

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* --- feeds that are written here ---------------------------------------------------------------------------------- */

static const char *const words[] = {
	"harbour", "the", "of", "and", "tide", "a", "lantern", "minister", "budget", "festival", "open", "source", "river", "weather",
	"l’avenir", "d’une", "été", "naïve", "république", "Straße", "über", "größer", "Zeitung", "мир", "новости", "правительство",
	"сегодня", "niño", "mañana", "corazón", "東京", "経済", "ニュース", "发展", "人工智能", "新闻", "한국", "경제", "الأخبار", "مدينة", "समाचार", "भारत",
	"ประเทศไทย", "ελλάδα", "țară", "żółw", "İstanbul", "năm", "R&amp;D", "AT&amp;T", "it&#8217;s", "&quot;so&quot;", "1,204", "2026", "5%",
};

struct rng {
	uint64_t state;
};

static unsigned pick(struct rng *r, unsigned n)
{
	r->state = r->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(r->state >> 33) % n;
}

/* Words with spaces: `&` as in XML, written once more for text that is escaped twice. */
static void put_words(FILE *f, struct rng *r, unsigned n, bool twice)
{
	for (unsigned i = 0; i < n; i++) {
		const char *w = words[pick(r, sizeof(words) / sizeof(words[0]))];

		if (i)
			putc(' ', f);
		for (; *w; w++) {
			putc(*w, f);
			if (*w == '&' && twice)
				fputs("amp;", f);
		}
	}
}

/* Paragraphs of HTML, raw (for CDATA and xhtml) or escaped. */
static void put_html(FILE *f, struct rng *r, unsigned paragraphs, bool escaped)
{
	const char *lt = escaped ? "&lt;" : "<", *gt = escaped ? "&gt;" : ">", *quote = escaped ? "&quot;" : "\"";

	for (unsigned i = 0; i < paragraphs; i++) {
		fprintf(f, "%sp%s", lt, gt);
		put_words(f, r, 20 + pick(r, 30), escaped);
		fprintf(f, " %sa href=%shttps://news.example/topic/%u%s%s", lt, quote, pick(r, 10000), quote, gt);
		put_words(f, r, 3, escaped);
		fprintf(f, "%s/a%s ", lt, gt);
		put_words(f, r, 10 + pick(r, 20), escaped);
		if (pick(r, 3) == 0)
			fprintf(f, "%sbr/%s%simg src=%shttps://img.example/%u.jpg%s alt=%sa harbour%s/%s", lt, gt, lt, quote, pick(r, 10000), quote,
			        quote, quote, gt);
		fprintf(f, "%s/p%s\n", lt, gt);
	}
}

static void put_rss_item(FILE *f, struct rng *r, unsigned i)
{
	fputs("    <item>\n      <title>", f);
	put_words(f, r, 8, false);
	fprintf(f, "</title>\n      <link>https://news.example/2026/11/%u/some-longer-slug-of-an-article</link>\n", i);
	fprintf(f, "      <guid isPermaLink=\"false\">https://news.example/?p=%u</guid>\n", i);
	fprintf(f, "      <pubDate>Mon, 02 Nov 2026 %02u:%02u:00 +0100</pubDate>\n", pick(r, 24), pick(r, 60));
	fputs("      <dc:creator><![CDATA[Ann Harbour]]></dc:creator>\n      <category><![CDATA[", f);
	put_words(f, r, 1, false);
	fputs("]]></category>\n      <category>News</category>\n      <description>", f);
	put_html(f, r, 1, true);
	fputs("</description>\n      <content:encoded><![CDATA[", f);
	put_html(f, r, 2 + pick(r, 4), false);
	fprintf(f, "]]></content:encoded>\n      <slash:comments>%u</slash:comments>\n", pick(r, 50));
	if (pick(r, 3) == 0)
		fprintf(f, "      <enclosure url=\"https://img.example/%u.mp3\" length=\"31%u\" type=\"audio/mpeg\"/>\n", i, i);
	fputs("    </item>\n", f);
}

static void put_atom_entry(FILE *f, struct rng *r, unsigned i)
{
	fprintf(f, "  <entry>\n    <id>tag:news.example,2026:%u</id>\n    <title type=\"html\">", i);
	put_words(f, r, 8, false);
	fprintf(f, "</title>\n    <link rel=\"alternate\" type=\"text/html\" href=\"https://news.example/2026/%u.html\"/>\n", i);
	fprintf(f, "    <published>2026-11-02T%02u:%02u:00Z</published>\n    <updated>2026-11-03T01:02:03+01:00</updated>\n", pick(r, 24),
	        pick(r, 60));
	fputs("    <author><name>Ann Harbour</name><uri>https://news.example/ann</uri></author>\n    <category term=\"news\"/>\n", f);
	fputs("    <summary>", f);
	put_words(f, r, 30, false);
	if (pick(r, 3) == 0) {
		fputs("</summary>\n    <content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">", f);
		put_html(f, r, 2 + pick(r, 4), false);
		fputs("</div></content>\n  </entry>\n", f);
	} else {
		fputs("</summary>\n    <content type=\"html\">", f);
		put_html(f, r, 2 + pick(r, 4), true);
		fputs("</content>\n  </entry>\n", f);
	}
}

enum kind { RSS, ATOM };

/* A feed of about `size` bytes; the caller frees. */
static struct str make_feed(enum kind kind, size_t size, unsigned seed)
{
	static const char *const heads[] = {
		[RSS] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\""
		        " xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:slash=\"http://purl.org/rss/1.0/modules/slash/\">\n  <channel>\n"
		        "    <title>News of the harbour</title>\n    <link>https://news.example/</link>\n    <language>en</language>\n",
		[ATOM] = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n"
		         "  <title>News of the harbour</title>\n  <id>urn:news</id>\n  <link href=\"https://news.example/\"/>\n",
	};
	struct rng r = { seed };
	char *buf = mem_alloc(size + 8192);
	FILE *f = fmemopen(buf, size + 8192, "w");

	if (f == NULL)
		die("fmemopen");
	fputs(heads[kind], f);
	for (unsigned i = 0; ftell(f) < (long)size - 2048; i++)
		(kind == RSS ? put_rss_item : put_atom_entry)(f, &r, i);
	fputs(kind == RSS ? "  </channel>\n</rss>\n" : "</feed>\n", f);
	size_t len = (size_t)ftell(f);
	fclose(f);
	return str_n(buf, len);
}

/* --- feeds of the corpus ------------------------------------------------------------------------------------------ */

typedef VEC(struct str) bodies;

static struct str read_file(const char *path)
{
	struct stat st;
	FILE *f = fopen(path, "rb");

	if (f == NULL || fstat(fileno(f), &st) != 0)
		die(path);
	char *buf = mem_alloc((size_t)st.st_size + 1);
	size_t n = fread(buf, 1, (size_t)st.st_size, f);
	fclose(f);
	return str_n(buf, n);
}

/* Every XML file; JSON and gzip have no peer here. */
static void read_corpus(bodies *out)
{
	const char *root = getenv("MONITORD_CORPUS");
	char folder[400], path[800];

	snprintf(folder, sizeof(folder), "%s/real-world", root ? root : "../shared/corpus");
	DIR *dir = opendir(folder);
	if (dir == NULL) {
		printf("no corpus at %s: real-world feeds are left out\n", folder);
		return;
	}
	for (struct dirent *d; (d = readdir(dir)) != NULL;) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, d->d_name);
		struct str s = read_file(path);
		struct frame f = { .bytes = s };
		const struct source_type *t = source_detect(&f);
		if (t == source_type_find(STR("feed")))
			vec_push(out, s);
		else
			mem_free((void *)(uintptr_t)s.p);
	}
	closedir(dir);
}

/* --- the two sides ------------------------------------------------------------------------------------------------ */

/* As the engine does it: slice by slice, each given up before the next one. */
static size_t parse_ours(struct str body)
{
	struct frame f = { .bytes = body, .url = STR("https://news.example/feed") };
	struct source_document d = { 0 };
	struct source s = { .type = source_type_find(STR("feed")) }; /* found out once in a source's life */
	struct err e;
	size_t posts = 0;
	int more = 1;

	struct source_reading *r = source_begin(s.type, &s, &f, &d);
	while (more > 0) {
		more = source_more(r, SLICE_POSTS, SLICE_BYTES, &e);
		posts += d.posts.posts.n;
		post_list_release(&d.posts);
	}
	source_close(r);
	source_document_release(&d);
	return more < 0 ? 0 : posts;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
                     const xmlChar **namespaces, int n_attrs, int n_defaulted, const xmlChar **attrs)
{
	(void)name, (void)prefix, (void)uri, (void)n_namespaces, (void)namespaces, (void)n_attrs, (void)n_defaulted, (void)attrs;
	++*(size_t *)ctx;
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	(void)ctx, (void)name, (void)prefix, (void)uri;
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
	(void)ctx, (void)text, (void)len;
}

static size_t parse_bare(struct str body)
{
	xmlSAXHandler sax = { .initialized = XML_SAX2_MAGIC, .startElementNs = on_start, .endElementNs = on_end, .characters = on_text,
		              .cdataBlock = on_text, .ignorableWhitespace = on_text };
	size_t elements = 0;
	xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&sax, &elements, NULL, 0, NULL);

	xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_HUGE | XML_PARSE_RECOVER);
	(void)xmlParseChunk(parser, body.p, (int)body.len, 1);
	xmlFreeDoc(parser->myDoc);
	xmlFreeParserCtxt(parser);
	return elements;
}

/* --- measuring ---------------------------------------------------------------------------------------------------- */

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(size_t (*parse)(struct str), const bodies *b, size_t *ret_n)
{
	double from = cpu_s();

	*ret_n = 0;
	for (size_t i = 0; i < b->n; i++)
		*ret_n += parse(b->v[i]);
	return cpu_s() - from;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static void write_case(FILE *out, const char *name, double value, const char *unit, const char *peer, double peer_value, double ratio)
{
	static bool any;

	printf("%-32s %8.1f %-5s %s %8.1f  ratio %.2f\n", name, value, unit, peer, peer_value, ratio);
	fprintf(out, "%s{\"case\":\"%s\",\"value\":%.2f,\"unit\":\"%s\",\"peer\":\"%s\",\"peer_value\":%.2f,\"ratio\":%.3f}",
	        any ? ",\n" : "", name, value, unit, peer, peer_value, ratio);
	any = true;
}

static void measure(FILE *out, const char *name, bodies *b)
{
	double ours[ROUNDS], bare[ROUNDS], ratios[ROUNDS], bytes = 0;
	size_t posts = 0, elements = 0;

	for (size_t i = 0; i < b->n; i++) {
		bytes += (double)b->v[i].len;
		/* monitord frees a body after each poll, from which malloc learns how much to keep: both sides get that */
		mem_free(mem_realloc(NULL, b->v[i].len));
	}
	for (int round = 0; round < ROUNDS; round++) {
		if (round % 2)
			bare[round] = seconds(parse_bare, b, &elements);
		ours[round] = seconds(parse_ours, b, &posts);
		if (round % 2 == 0)
			bare[round] = seconds(parse_bare, b, &elements);
		ratios[round] = bare[round] / ours[round];
	}
	if (posts == 0 || elements == 0)
		die("nothing was parsed");
	write_case(out, name, bytes / MB / median(ours, ROUNDS), "MB/s", "libxml2 SAX2 push parser, empty handlers",
	           bytes / MB / median(bare, ROUNDS), median(ratios, ROUNDS));
	for (size_t i = 0; i < b->n; i++)
		mem_free((void *)(uintptr_t)b->v[i].p);
	vec_free(b);
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

/* In a process of its own: "KB of the body, peak KB" to stdout. */
static int memory_child(size_t mb)
{
	struct str body = make_feed(RSS, mb * MB, 7);
	char line[256];
	long peak_kb = 0;

	if (parse_ours(body) == 0)
		return 1;
	FILE *f = fopen("/proc/self/status", "r");
	if (f == NULL)
		die("/proc/self/status");
	while (fgets(line, sizeof(line), f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			peak_kb = strtol(line + 6, NULL, 10);
	printf("%zu %ld\n", body.len / 1024, peak_kb);
	return 0;
}

static void measure_memory(FILE *out, const char *mb)
{
	char name[32], self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		die("/proc/self/exe");
	self[n] = '\0';
	int ends[2];
	pid_t pid;
	posix_spawn_file_actions_t actions;
	if (pipe(ends) != 0 || posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) != 0)
		die("pipe");
	char *argv[] = { self, (char[]){ "--memory" }, (char *)(uintptr_t)mb, NULL };
	if (posix_spawn(&pid, self, &actions, NULL, argv, environ) != 0)
		die("spawn");
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	FILE *f = fdopen(ends[0], "r");
	long body_kb = 0, peak_kb = 0;
	int read = fscanf(f, "%ld %ld", &body_kb, &peak_kb), status;
	fclose(f);
	if (waitpid(pid, &status, 0) != pid || status != 0 || read != 2)
		die("memory case");
	snprintf(name, sizeof(name), "memory-%sMB", mb);
	double limit = (double)body_kb / 1024 + MEMORY_SPARE_MB, peak = (double)peak_kb / 1024;
	write_case(out, name, peak, "MiB", "body + 32 MiB", limit, peak / limit);
}

int main(int argc, char **argv)
{
	bodies b = { 0 };

	xml_setup();
	json_setup();
	if (argc == 3 && strcmp(argv[1], "--memory") == 0)
		return memory_child(strtoul(argv[2], NULL, 10));
	FILE *out = fopen(argc > 1 ? argv[1] : "/dev/null", "w");
	if (out == NULL)
		die("output");
	fputs("{\"name\":\"parse\",\"cases\":[\n", out);
	vec_push(&b, make_feed(RSS, 10 * MB, 1));
	measure(out, "RSS of 10 MB", &b);
	vec_push(&b, make_feed(ATOM, 10 * MB, 2));
	measure(out, "Atom of 10 MB", &b);
	for (unsigned i = 0; i < SMALL_FEEDS; i++)
		vec_push(&b, make_feed(i % 2 ? RSS : ATOM, SMALL_BYTES, i));
	measure(out, "1,000 feeds of 10 KB", &b);
	read_corpus(&b);
	if (b.n)
		measure(out, "real-world feeds", &b);
	measure_memory(out, "10");
	measure_memory(out, "100");
	fputs("\n]}\n", out);
	return fclose(out) == 0 ? 0 : 1;
}
