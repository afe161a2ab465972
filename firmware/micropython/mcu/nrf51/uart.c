// SPDX-License-Identifier: MIT
//
// The serial line. Nothing is ever lost on it: a byte for which there is no room
// stays in the UART, and the emulator keeps the rest on its side.
//
// PSELTXD and PSELRXD keep their reset value, "no pin". An emulator joins the
// UART itself to the line, and Python gets all 32 pins.

#include "mcu/mcu.h"
#include "mcu/nrf51/nrf51.h"
#include "mphalport.h"

void UART0_IRQHandler(void);

void nrf51_uart_init(void) {
    UART_BAUDRATE = UART_BAUDRATE_115200;
    UART_ENABLE = UART_ENABLE_ENABLED;
    UART_INTENSET = UART_INT_RXDRDY;
    UART_STARTRX = 1;
    UART_STARTTX = 1;
}

void mcu_uart_send(uint8_t byte) {
    UART_TXDRDY = 0;
    UART_TXD = byte;
}

bool mcu_uart_is_sent(void) {
    return UART_TXDRDY != 0;
}

void UART0_IRQHandler(void) {
    mp_hal_signal_event();
    while (UART_RXDRDY != 0) {
        if (!mp_hal_uart_has_room()) {
            // Bytes wait in the UART and beyond, until somebody reads.
            UART_INTENCLR = UART_INT_RXDRDY;
            return;
        }
        // Clear the event before reading the byte: the UART has a FIFO, and
        // sets the event anew while that is not empty (§29, RXD and RXDRDY).
        UART_RXDRDY = 0;
        mp_hal_uart_receive((uint8_t)UART_RXD);
    }
}

void mcu_uart_resume_receive(void) {
    UART_INTENSET = UART_INT_RXDRDY;
}
