/* Hand the 32-bit words of standard input to a battery of TestU01, as they come.
 *
 * Usage: testu01 small|crush|rabbit|alphabit BITS(log2) REVERSED(0|1)
 * Prints one line for each statistic: "P", its p-value and its name, divided by tabs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <testu01/bbattery.h>
#include <testu01/swrite.h>
#include <testu01/unif01.h>

#define WORDS (1 << 18)

static unsigned int buffer[WORDS];
static size_t held = 0, given = 0;
static int reversed = 0;

static unsigned int turned(unsigned int word) {
    word = (word >> 1 & 0x55555555u) | (word & 0x55555555u) << 1;
    word = (word >> 2 & 0x33333333u) | (word & 0x33333333u) << 2;
    word = (word >> 4 & 0x0f0f0f0fu) | (word & 0x0f0f0f0fu) << 4;
    return __builtin_bswap32(word);
}

static unsigned int next_word(void) {
    if (given == held) {
        held = fread(buffer, sizeof buffer[0], WORDS, stdin);
        given = 0;
        if (held == 0) {
            fprintf(stderr, "testu01: the stream ended before the battery did\n");
            exit(3);
        }
    }
    unsigned int word = buffer[given++];
    return reversed ? turned(word) : word;
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    double bits = (double)(1ull << atoi(argv[2]));
    reversed = atoi(argv[3]);
    swrite_Basic = FALSE;
    unif01_Gen *words = unif01_CreateExternGenBits("words", next_word);
    if (!strcmp(argv[1], "small"))
        bbattery_SmallCrush(words);
    else if (!strcmp(argv[1], "crush"))
        bbattery_Crush(words);
    else if (!strcmp(argv[1], "rabbit"))
        bbattery_Rabbit(words, bits);
    else if (!strcmp(argv[1], "alphabit"))
        bbattery_Alphabit(words, bits, 0, 32);
    else
        return 2;
    for (int i = 0; i < bbattery_NTests; i++)
        if (bbattery_pVal[i] >= 0) /* negative: not run */
            printf("P\t%.17g\t%s\n", bbattery_pVal[i], bbattery_TestNames[i]);
    return 0;
}
