/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events for the lab's TypeScript, one line of JSON each, on standard output. Never blocks: a
 * reader that pauses must not pause the clients, so lines are kept, up to a bound.
 */
#ifndef BERTH_LAB_REPORT_H
#define BERTH_LAB_REPORT_H

void report__init(void);
/* One whole JSON object; the line's end is added. */
__attribute__((format(printf, 1, 2))) void report__line(const char *format, ...);
void report__flush(void);

#endif
