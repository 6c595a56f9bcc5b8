// Bits as the specifications write them: fixed integers, Fibonacci coding, base64 for URLs.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** A number in this many bits, the most significant first. */
export function int(value, width) {
    const bits = value.toString(2);
    if (bits.length > width) {
        throw new Error(`${value} does not fit into ${width} bits`);
    }
    return bits.padStart(width, '0');
}

/** Fibonacci coding (GPP, "About Fibonacci Encoding"): for numbers from 1. */
export function fibonacci(value) {
    const numbers = [1, 2];
    while (numbers.at(-1) + numbers.at(-2) <= value) {
        numbers.push(numbers.at(-1) + numbers.at(-2));
    }
    while (numbers.length > 1 && numbers.at(-1) > value) {
        numbers.pop();
    }
    let bits = '';
    for (const number of numbers.reverse()) {
        bits = (number <= value ? '1' : '0') + bits;
        value -= number <= value ? number : 0;
    }
    return `${bits}1`;
}

/** Base64 for URLs, filled up with zeros to a multiple of `padding` bits and then of 6. */
export function base64(bits, padding = 24) {
    const whole = bits + '0'.repeat((padding - (bits.length % padding)) % padding);
    const even = whole + '0'.repeat((6 - (whole.length % 6)) % 6);
    return even.replace(/.{6}/g, (sextet) => ALPHABET[parseInt(sextet, 2)]);
}

/** What ends before a field does. */
export class Malformed extends Error {}

export class Reader {
    constructor(text) {
        this.at = 0;
        this.bits = '';
        for (const character of text) {
            const value = ALPHABET.indexOf(character);
            if (value < 0) {
                // What comes before the first invalid character can still be read.
                this.broken = true;
                break;
            }
            this.bits += int(value, 6);
        }
    }

    take(width) {
        if (this.at + width > this.bits.length) {
            throw new Malformed(this.broken ? 'not base64' : 'too short');
        }
        this.at += width;
        return this.bits.slice(this.at - width, this.at);
    }

    int(width) {
        return parseInt(this.take(width), 2);
    }

    bool() {
        return this.take(1) === '1';
    }

    fibonacci() {
        const end = this.bits.indexOf('11', this.at);
        if (end < 0) {
            throw new Malformed(this.broken ? 'not base64' : 'too short');
        }
        const code = this.take(end + 1 - this.at);
        this.take(1);
        let [value, number, following] = [0, 1, 2];
        for (const bit of code) {
            value += bit === '1' ? number : 0;
            [number, following] = [following, number + following];
        }
        return value;
    }

    /** What follows the last field may only be padding: zeros, at most `padding` of them. */
    finish(padding = 23) {
        if (this.broken) {
            throw new Malformed('not base64');
        }
        const rest = this.bits.slice(this.at);
        if (rest.includes('1')) {
            return 'bits that no field has';
        }
        return rest.length > padding ? 'more padding than any writer adds' : null;
    }
}
