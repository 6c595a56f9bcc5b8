// A seeded source of chance: the same seed and number give the same case on every machine.

/** A generator of its own for each text (32-bit FNV-1a into mulberry32). */
export function random(text) {
    let state = 0x811c9dc5;
    for (let i = 0; i < text.length; i++) {
        state = Math.imul(state ^ text.charCodeAt(i), 0x01000193);
    }
    const next = () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
        mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    const below = (limit) => Math.floor(next() * limit);
    return {
        below,
        /** True in this share of the calls. */
        chance: (share) => next() < share,
        between: (least, most) => least + below(most - least + 1),
        pick: (list) => list[below(list.length)],
        /** One of `[weight, value]`. */
        weighted(list) {
            let left = next() * list.reduce((sum, [weight]) => sum + weight, 0);
            for (const [weight, value] of list) {
                left -= weight;
                if (left < 0) {
                    return value;
                }
            }
            return list[list.length - 1][1];
        },
        shuffle(list) {
            const shuffled = [...list];
            for (let i = shuffled.length - 1; i > 0; i--) {
                const j = below(i + 1);
                [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
            }
            return shuffled;
        },
    };
}
