/* SPDX-License-Identifier: ISC */
/* Writes figures in Prometheus text format. */
#include "control/metrics.h"

void metrics_family(struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Name and label; in label values backslash, quote and line feed are escaped, nothing else. */
static void put_name(struct strbuf *out, const char *name, const char *label, struct str value)
{
	strbuf_adds(out, name);
	if (label == NULL) {
		strbuf_addc(out, ' ');
		return;
	}
	strbuf_addf(out, "{%s=\"", label);
	for (size_t i = 0; i < value.len; i++) {
		char c = value.p[i];
		if (c == '\n')
			strbuf_adds(out, "\\n");
		else if (c == '\\' || c == '"')
			strbuf_add(out, (struct str){ (char[]){ '\\', c }, 2 });
		else
			strbuf_addc(out, c);
	}
	strbuf_adds(out, "\"} ");
}

void metrics_sample(struct strbuf *out, const char *name, const char *label, struct str value, int64_t n)
{
	put_name(out, name, label, value);
	strbuf_addf(out, "%lld\n", (long long)n);
}

void metrics_seconds(struct strbuf *out, const char *name, const char *label, struct str value, int64_t ms)
{
	put_name(out, name, label, value);
	strbuf_addf(out, "%s%lld.%03lld\n", ms < 0 ? "-" : "", (long long)(ms < 0 ? -(ms / 1000) : ms / 1000),
	            (long long)(ms < 0 ? -(ms % 1000) : ms % 1000));
}
