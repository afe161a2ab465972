// SPDX-License-Identifier: MIT
//
// The registers of the nRF51 that this port uses, named as in the nRF51 Series
// Reference Manual v3.0 (the chapter is given at each block).
#ifndef REPLAB_NRF51_H
#define REPLAB_NRF51_H

#include <stdint.h>

#define NRF51_REGISTER(address) (*(volatile uint32_t *)(address))

// Interrupt numbers ("Peripheral interface": the number of the peripheral's slot
// of 4 KiB in the address space).
#define UART0_IRQ                   (2)
#define GPIOTE_IRQ                  (6)
#define TIMER1_IRQ                  (9)

// Timers (§18, "Timer/counter").
#define TIMER0_BASE                 (0x40008000)
#define TIMER1_BASE                 (0x40009000)
#define TIMER2_BASE                 (0x4000a000)
#define TIMER_START(base)           NRF51_REGISTER((base) + 0x000)
#define TIMER_STOP(base)            NRF51_REGISTER((base) + 0x004)
#define TIMER_CLEAR(base)           NRF51_REGISTER((base) + 0x00c)
#define TIMER_CAPTURE0(base)        NRF51_REGISTER((base) + 0x040)
#define TIMER_COMPARE0(base)        NRF51_REGISTER((base) + 0x140)
#define TIMER_INTENSET(base)        NRF51_REGISTER((base) + 0x304)
#define TIMER_MODE(base)            NRF51_REGISTER((base) + 0x504)
#define TIMER_BITMODE(base)         NRF51_REGISTER((base) + 0x508)
#define TIMER_PRESCALER(base)       NRF51_REGISTER((base) + 0x510)
#define TIMER_CC0(base)             NRF51_REGISTER((base) + 0x540)
#define TIMER_MODE_TIMER            (0)
#define TIMER_BITMODE_32            (3)
#define TIMER_INT_COMPARE0          (1u << 16)

// UART (§29, "Universal asynchronous receiver/transmitter").
#define UART_STARTRX                NRF51_REGISTER(0x40002000)
#define UART_STARTTX                NRF51_REGISTER(0x40002008)
#define UART_RXDRDY                 NRF51_REGISTER(0x40002108)
#define UART_TXDRDY                 NRF51_REGISTER(0x4000211c)
#define UART_INTENSET               NRF51_REGISTER(0x40002304)
#define UART_INTENCLR               NRF51_REGISTER(0x40002308)
#define UART_ENABLE                 NRF51_REGISTER(0x40002500)
#define UART_RXD                    NRF51_REGISTER(0x40002518)
#define UART_TXD                    NRF51_REGISTER(0x4000251c)
#define UART_BAUDRATE               NRF51_REGISTER(0x40002524)
#define UART_INT_RXDRDY             (1u << 2)
#define UART_ENABLE_ENABLED         (4)
#define UART_BAUDRATE_115200        (0x01d7e000)

// "Random number generator".
#define RNG_START                   NRF51_REGISTER(0x4000d000)
#define RNG_STOP                    NRF51_REGISTER(0x4000d004)
#define RNG_VALRDY                  NRF51_REGISTER(0x4000d100)
#define RNG_VALUE                   NRF51_REGISTER(0x4000d508)

// "Non-volatile memory controller".
#define NVMC_READY                  NRF51_REGISTER(0x4001e400)
#define NVMC_CONFIG                 NRF51_REGISTER(0x4001e504)
#define NVMC_ERASEPAGE              NRF51_REGISTER(0x4001e508)
#define NVMC_CONFIG_READ            (0)
#define NVMC_CONFIG_WRITE           (1)
#define NVMC_CONFIG_ERASE           (2)
#define NVMC_PAGE_BYTES             (1024)

// "Factory information configuration registers".
#define FICR_DEVICEID(n)            NRF51_REGISTER(0x10000060 + 4 * (n))

// GPIO (§14, "General-purpose input/output").
#define GPIO_OUT                    NRF51_REGISTER(0x50000504)
#define GPIO_OUTSET                 NRF51_REGISTER(0x50000508)
#define GPIO_OUTCLR                 NRF51_REGISTER(0x5000050c)
#define GPIO_IN                     NRF51_REGISTER(0x50000510)
#define GPIO_PIN_CNF(pin)           NRF51_REGISTER(0x50000700 + 4 * (pin))
#define PIN_CNF_DIR_OUTPUT          (1u << 0)
#define PIN_CNF_PULL_MASK           (3u << 2)
#define PIN_CNF_PULL_DOWN           (1u << 2)
#define PIN_CNF_PULL_UP             (3u << 2)
#define PIN_CNF_DRIVE_MASK          (7u << 8)
#define PIN_CNF_DRIVE_S0D1          (6u << 8)

// GPIOTE (§15, "GPIO tasks and events").
#define GPIOTE_CHANNELS             (4)
#define GPIOTE_EVENTS_IN(n)         NRF51_REGISTER(0x40006100 + 4 * (n))
#define GPIOTE_INTENSET             NRF51_REGISTER(0x40006304)
#define GPIOTE_INTENCLR             NRF51_REGISTER(0x40006308)
#define GPIOTE_CONFIG(n)            NRF51_REGISTER(0x40006510 + 4 * (n))
#define GPIOTE_CONFIG_MODE_MASK     (3u << 0)
#define GPIOTE_CONFIG_MODE_EVENT    (1u << 0)
#define GPIOTE_CONFIG_PSEL_POS      (8)
#define GPIOTE_CONFIG_POLARITY_RISE (1u << 16)
#define GPIOTE_CONFIG_POLARITY_FALL (2u << 16)
#define GPIOTE_CONFIG_OUTINIT       (1u << 20)

// The Cortex-M0's own registers (ARMv6-M Architecture Reference Manual, §B3.2
// and §B3.4).
#define NVIC_ISER                   NRF51_REGISTER(0xe000e100)
#define NVIC_ICER                   NRF51_REGISTER(0xe000e180)
#define NVIC_ICPR                   NRF51_REGISTER(0xe000e280)
#define SCB_AIRCR                   NRF51_REGISTER(0xe000ed0c)
#define SCB_AIRCR_SYSRESETREQ       (0x05fa0004)

// The parts of mcu_init().
void nrf51_clock_init(void);
void nrf51_gpio_init(void);
void nrf51_uart_init(void);

#endif // REPLAB_NRF51_H
