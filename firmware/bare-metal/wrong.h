/* What goes wrong on purpose. Each is a function of its own, so that a call
 * chain can be compared with the source. */
#ifndef REPLAB_WRONG_H
#define REPLAB_WRONG_H

void read_nowhere(void);
void write_nowhere(void);
void read_unaligned(void);
void execute_undefined(void);
void recurse_endlessly(void);
void call_null_pointer(void);
void call_nowhere(void);
void lock_up(void);
void hang_endlessly(void);
void sleep_forever(void);

void non_maskable_interrupt(void);

#endif
