/* SPDX-License-Identifier: ISC */
/*
 * Ownership by scope: a value declared AUTO or OWNED is released when its scope ends.
 *
 *   AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);   strbuf_release(&b) at scope end (embedded values)
 *   OWNED(post) struct post *p = post_new();            post_free(p) at scope end, unless `return take(p);`
 *
 * Each heap type with an OWNED declaration says DEFINE_OWNED(type) in its header, after its x_free.
 */
#pragma once

#define AUTO(type) __attribute__((cleanup(type##_release)))
#define OWNED(type) __attribute__((cleanup(type##_freep)))
#define DEFINE_OWNED(type)                                                                          \
	static inline void type##_freep(struct type **p)                                            \
	{                                                                                           \
		type##_free(*p);                                                                    \
	}                                                                                           \
	struct own_semicolon_##type

/* Hands the pointer on and forgets it here, so that scope end frees nothing. */
#define take(p)                                                                                     \
	({                                                                                          \
		__typeof__(p) taken_ = (p);                                                         \
		(p) = NULL;                                                                         \
		taken_;                                                                             \
	})

/* gcc's -fanalyzer follows constructors marked with the function that frees their result. */
#if defined(__GNUC__) && !defined(__clang__)
#define RETURNS_OWNED(free_fn) __attribute__((malloc, malloc(free_fn, 1), warn_unused_result))
#else
#define RETURNS_OWNED(free_fn) __attribute__((warn_unused_result))
#endif
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
