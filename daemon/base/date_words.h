/* SPDX-License-Identifier: ISC */
/*
 * The words of dates: months and weekdays in the languages of Europe, zones, and what may stand
 * between.  All take a folded word (date_word_fold).  Pure.
 */
#pragma once

#include "base/str.h"

#define DATE_WORD_MAX 48 /* bytes after folding; no word of a date is longer */

/* Lower case without accents (Latin, Greek, Cyrillic); returns the empty text if it does not fit. */
struct str date_word_fold(char buf[static DATE_WORD_MAX], struct str word);
int date_word_month(struct str folded); /* 1..12; 0 if none or more than one */
bool date_word_is_weekday(struct str folded);
bool date_word_is_filler(struct str folded);              /* "de", "um", "th", … */
int date_word_half(struct str folded);                    /* 1 = a.m., 2 = p.m., 0 = neither */
bool date_word_zone(struct str folded, int *ret_minutes); /* east of Greenwich */
/* An IANA name, as it is written ("Europe/Berlin"): its offset at a local time since 1970, today's rules; 0 if unknown. */
int date_zone_offset(struct str name, int64_t local_minutes);
