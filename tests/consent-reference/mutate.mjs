// Damage: what happens to strings on their way, and what someone may do to them.

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const MUTATIONS = {
    truncated: (random, text) => text.slice(0, random.below(text.length)),
    'cut short by a character': (random, text) => text.slice(0, -1),
    'a bit flipped'(random, text) {
        const at = random.below(text.length);
        const value = BASE64.indexOf(text[at]);
        return value < 0 ? text : text.slice(0, at) + BASE64[value ^ (1 << random.below(6))] + text.slice(at + 1);
    },
    'a character that is not base64'(random, text) {
        const at = random.below(text.length);
        return text.slice(0, at) + random.pick(['!', '*', '+', '/', '=', '@', '|']) + text.slice(at + 1);
    },
    'a character replaced'(random, text) {
        const at = random.below(text.length);
        return text.slice(0, at) + random.pick([...BASE64]) + text.slice(at + 1);
    },
    'characters appended': (random, text) => text + random.pick(['A', 'AAAA', '_', 'zz', '.', '~', '.AA', '~AA', '=']),
    'a part dropped'(random, text) {
        const parts = text.split(/(?=[.~])/);
        parts.splice(random.below(parts.length), 1);
        return parts.join('');
    },
    'a part repeated'(random, text) {
        const parts = text.split(/(?=[.~])/);
        parts.push(parts[random.below(parts.length)]);
        return parts.join('');
    },
    empty: () => '',
};

/** A name of what was done, and what came of it. */
export function mutate(random, text) {
    if (text.length === 0) {
        return ['none', text];
    }
    const name = random.pick(Object.keys(MUTATIONS));
    return [name, MUTATIONS[name](random, text)];
}
