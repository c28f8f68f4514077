/* SPDX-License-Identifier: ISC */
/* How explain and lint name a clause.  Pure. */
#pragma once

#include "base/strbuf.h"
#include "query.h"

/* As in a query, with its operator: from:"Elon Musk". */
void explain_term(const struct query *q, const struct node *t, struct strbuf *out);
