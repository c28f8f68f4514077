/* SPDX-License-Identifier: ISC */
/*
 * The forms that languages give to a name: Sutskevers, Суцкевера, Muskowi, Muskille, 머스크가.  They are written out, so
 * that each can stand in the index as a word, and a word that only begins like the name ("Musketeer") is not met.
 * Whatever stands behind an apostrophe is a word of its own and needs no form (Sutskever's, Musk'ın).  Pure.
 */
#pragma once

#include "words.h"

/* Of a form that only languages which hang cases onto any word give; counts where form_counts says so. */
#define FORM_FOREIGN 64 /* beside enum word_flag */
/* In a post of such a language (BCP 47); where other words bear a name out, also in one that says none ("billet" is no Bill). */
bool form_counts(struct str language, bool alone);

/*
 * Appends the folded word, and then its forms, each once.  `alone`: it is all there is of the name, so a short word, which
 * with an ending may be another one, keeps its own form (Xi, Ng).
 */
void forms_add(struct words *out, struct str folded, bool alone);
