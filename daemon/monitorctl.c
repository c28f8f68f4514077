/* SPDX-License-Identifier: ISC */
/* The client program: see control/commands.def for what it can do. */
#include <locale.h>

#include "control/ctl.h"

int main(int argc, char *argv[])
{
	(void)setlocale(LC_CTYPE, "");
	return ctl_main(argc, argv);
}
