// Requests: strings of every section, version, field value, encoding and order; damaged ones; several at once; at a place.
import { base64, fibonacci, int } from './bits.mjs';
import { mutate } from './mutate.mjs';
import { US, fieldsOf } from './sections.mjs';

const DAY = 86_400_000;
const bit = (value) => (value ? '1' : '0');
const bits = (random, count, share = 0.5) => Array.from({ length: count }, () => bit(random.chance(share))).join('');

/** Vendors by their bits or by ranges, as a writer may choose either. */
function vendors(random, long) {
    if (random.chance(0.5)) {
        const most = random.weighted([[2, 0], [5, random.between(1, 40)], [3, random.between(41, 1200)], [long, 65_000]]);
        return int(most, 16) + '0' + bits(random, most, 0.4);
    }
    return int(random.between(1, 1200), 16) + '1' + ranges(random, long);
}

function ranges(random, long = 0) {
    const entries = random.weighted([[2, 0], [5, random.between(1, 5)], [2, random.between(6, 60)], [long, 2000]]);
    let text = int(entries, 12);
    for (let i = 0; i < entries; i++) {
        const first = random.between(1, 1500);
        const group = random.chance(0.4);
        text += bit(group) + int(first, 16) + (group ? int(first + random.below(30), 16) : '');
    }
    return text;
}

/** A day's stamp in tenths of a second, so many days before today. */
const stamp = (now, days) => int(Math.max(0, Math.floor(now / DAY) - days) * (DAY / 100), 36);

/** A TCF v2 string. */
export function tcf(random, now, long = 0) {
    // Well away from the borders by a day, for the clock goes on: 395 days, and one ahead.
    const age = random.weighted([[30, random.between(0, 120)], [12, random.between(121, 250)], [6, random.between(285, 392)],
        [3, 393], [3, 397], [3, random.between(398, 1500)], [2, random.between(1501, 4000)], [2, -random.between(3, 900)]]);
    const apart = random.weighted([[16, 0], [1, random.between(1, 60)], [1, -random.between(2, 60)]]);
    const consent = random.chance(0.6);
    const core = int(random.weighted([[40, 2], [1, 1], [1, 3], [1, random.below(64)]]), 6) +
        stamp(now, age + apart) + stamp(now, age) +
        int(random.weighted([[2, 0], [1, 1], [60, random.between(2, 460)], [2, 4095]]), 12) +
        int(random.between(0, 400), 12) + int(random.between(0, 5), 6) + int(4, 6) + int(13, 6) +
        int(random.between(1, 180), 12) +
        int(random.weighted([[1, 0], [2, 2], [2, 3], [6, 4], [60, 5], [2, 6], [1, 63]]), 6) +
        bit(random.chance(0.94)) + bit(random.chance(0.1)) + bits(random, 12, 0.3) +
        bit(consent) + bits(random, 23) + '0' + bits(random, 23, 0.3) +
        bit(random.chance(0.12)) + int(random.below(26), 6) + int(random.below(26), 6) +
        vendors(random, long) + vendors(random, 0);
    const restrictions = random.weighted([[6, 0], [3, random.between(1, 4)], [1, random.between(5, 20)]]);
    let text = core + int(restrictions, 12);
    for (let i = 0; i < restrictions; i++) {
        text += int(random.between(1, 11), 6) + int(random.below(3), 2) + ranges(random);
    }
    const custom = random.below(9);
    const segments = random.shuffle([
        random.chance(0.85) && '001' + vendors(random, 0),
        random.chance(0.15) && '010' + vendors(random, 0),
        random.chance(0.5) && '011' + bits(random, 48) + int(custom, 6) + bits(random, 2 * custom),
    ].filter(Boolean));
    if (segments.length > 0 && random.chance(0.01)) {
        segments.push(random.pick(segments));
    }
    const padding = random.weighted([[8, 24], [1, 8], [1, 1]]);
    return [text, ...segments].map((segment) => base64(segment, padding)).join('.');
}

/** OptimizedRange in the layouts that Canadian vendors are met in. */
function canadianVendors(random, layout) {
    if (layout === 2) {
        return vendors(random, 0);
    }
    const most = random.between(1, 60);
    const fit = layout === 0 ? (group) => bit(group) : (group) => int(most, 16) + bit(group);
    if (random.chance(0.5)) {
        return layout === 0 ? '0' + int(most, 16) + bits(random, most) : fit(false) + bits(random, most);
    }
    return fit(true) + fibonacciRange(Array.from({ length: random.below(6) }, () => random.between(1, 40)));
}

function fibonacciRange(offsets) {
    return int(offsets.length, 12) + offsets.map((offset) => '0' + fibonacci(offset)).join('');
}

function canada(random, now) {
    const layout = random.weighted([[3, 1], [1, 0], [1, 2]]);
    const [express, implied] = random.pick([[1, 0], [0, 1], [1, 1], [0, 0]]);
    const age = random.between(0, 380);
    const core = int(random.weighted([[20, 1], [1, random.below(8)]]), 6) + stamp(now, age) + stamp(now, age) +
        int(random.between(2, 400), 12) + int(1, 12) + int(1, 6) + int(4, 6) + int(13, 6) + int(random.between(1, 90), 12) +
        int(2, 6) + '0' + bits(random, 12) + bit(express) + bits(random, 23) + bit(implied) + bits(random, 23) +
        canadianVendors(random, layout) + canadianVendors(random, layout) + int(0, 12);
    const publisher = random.chance(0.5) ? ['011' + bits(random, 48) + int(0, 6)] : [];
    return [core, ...publisher].map((segment) => base64(segment, 8)).join('.');
}

export function usPrivacy(random) {
    const letter = () => random.weighted([[5, 'Y'], [5, 'N'], [2, '-']]);
    const text = '1' + letter() + letter() + letter();
    return random.weighted([
        [40, text], [8, '1YNN'], [8, '1YYN'], [4, '1---'], [2, text.toLowerCase()], [1, '2' + text.slice(1)],
        [1, text.slice(0, 3)], [1, text + 'N'], [1, '1YXN'], [1, '1YN '],
    ]);
}

/** A value by the string's mood: mostly a user who was given notice and did not opt out, so that grants occur too. */
function value(random, name, mood) {
    const any = () => random.weighted([[6, 0], [3, 1], [3, 2], [1, 3]]);
    if (mood === 'any') {
        return any();
    }
    if (/Notice$/.test(name)) {
        return mood === 'notice' ? any() : random.weighted([[30, 1], [1, 0]]);
    }
    if (/^(Sale|Sharing|TargetedAdvertising)OptOut$/.test(name)) {
        return mood === 'choice' ? any() : random.weighted([[30, 2], [2, 0]]);
    }
    if (name === 'MspaCoveredTransaction') {
        return random.between(1, 2);
    }
    if (/^Mspa/.test(name)) {
        return mood === 'mspa' ? any() : random.weighted([[5, 0], [1, name === 'MspaMode' ? 1 : 2]]);
    }
    if (/^KnownChild/.test(name)) {
        return mood === 'child' ? any() : random.weighted([[20, 0], [1, 2]]);
    }
    return mood === 'other' ? any() : 0;
}

export function us(random, id) {
    const section = US.get(id);
    const version = id === 7 ? random.weighted([[5, 2], [5, 1], [1, random.below(64)]]) : random.weighted([[30, 1], [1, random.below(64)]]);
    const mood = random.weighted([[5, 'good'], [5, 'choice'], [3, 'notice'], [2, 'mspa'], [2, 'child'], [2, 'other'], [3, 'any']]);
    const header = section.header && random.chance(0.5);
    let core = int(version, 6);
    for (const { name, count } of random.pick(fieldsOf(section, version, random.pick([60, 70]))) ?? section.fields) {
        for (let i = 0; i < count; i++) {
            core += int(value(random, name, mood), 2);
        }
    }
    const padding = random.weighted([[6, 8], [2, 24], [1, 1]]);
    const parts = [base64(core, padding)];
    if (header) {
        const subsections = random.pick(['0000000000010' + '11', '0000000000100' + '11' + '0' + '11']);
        parts.unshift(base64(int(id, 6) + int(random.weighted([[20, 1], [1, 2]]), 6) + subsections, padding));
    }
    if (section.subsection === 'sensitive' ? random.chance(0.3) : section.subsection === 'gpc' ? random.chance(0.4) : random.chance(0.02)) {
        const part = section.subsection === 'sensitive' ? bits(random, 16) : int(random.weighted([[30, 1], [1, random.below(4)]]), 2) + bit(random.chance(0.15));
        parts.push(base64(part, padding));
        if (random.chance(0.01)) {
            parts.push(parts.at(-1));
        }
    }
    return parts.join('.');
}

/** A GPP header: sections one by one, or neighbours together as writers also do. */
function header(random, ids) {
    const groups = [];
    for (const id of ids) {
        const last = groups.at(-1);
        if (last && last[1] + 1 === id && random.chance(0.7)) {
            last[1] = id;
        } else {
            groups.push([id, id]);
        }
    }
    let [text, before] = ['', 0];
    for (const [first, last] of groups) {
        text += bit(last > first) + fibonacci(first - before) + (last > first ? fibonacci(last - first) : '');
        before = last;
    }
    return base64(int(3, 6) + int(random.chance(0.99) ? 1 : 2, 6) + int(groups.length, 12) + text, random.weighted([[5, 8], [1, 24], [1, 1]]));
}

function gpp(random, now, geo) {
    const own = [...US.values()].find(({ state }) => state !== '' && `US-${state}` === geo)?.id;
    const ids = new Set();
    for (let count = random.weighted([[10, 1], [5, 2], [2, 3], [1, 6]]); count > 0; count--) {
        ids.add(random.weighted([[own ? 8 : 0, own], [4, 7], [3, 2], [geo.startsWith('CA') ? 8 : 1, 5], [2, 6], [6, random.between(7, 27)], [0.4, random.pick([1, 3, 4, 28, 29, 40, 90])]]));
    }
    const sorted = [...ids].sort((a, b) => a - b);
    const body = (id) => ({ 2: () => tcf(random, now), 5: () => canada(random, now), 6: () => usPrivacy(random) })[id]?.() ??
        (US.has(id) ? us(random, id) : base64(int(1, 6) + bits(random, random.between(6, 60)), 8));
    const bodies = sorted.map(body);
    const announced = random.weighted([[60, sorted], [1, sorted.slice(1)], [1, [...sorted, 60]]]);
    if (random.chance(0.015)) {
        return random.pick([header(random, sorted), header(random, sorted), 'DBAA']);
    }
    return [header(random, announced), ...bodies].join('~');
}

export const NAMES = {
    tcf: ['euconsent-v2', 'eupubconsent-v2'],
    gpp: ['__gpp', 'OTGPPConsent'],
    us_privacy: ['us_privacy', 'usprivacy'],
};
/** Cookies of other names, which say nothing. */
const NOISE = ['_ga=GA1.2.3', 'xeuconsent-v2=CPX', '__gppx=DBAA', 'us_privacy2=1YYN', 'theme=dark', 'EUCONSENT-V2=x', 'flag'];

/** What kinds of signals a request carries, by what its place asks for. */
function kinds(random, geo) {
    const european = !geo.startsWith('US') && !geo.startsWith('CA');
    const one = () => random.weighted([[european ? 6 : 2, 'tcf'], [european ? 2 : 6, 'gpp'], [geo.startsWith('US') ? 3 : 1, 'us_privacy']]);
    return Array.from({ length: random.weighted([[1, 0], [14, 1], [4, 2], [2, 3], [0.3, 8], [0.1, 30]]) }, one);
}

/** A value that is too long for one cookie, in several of them in any order: `NAME`, `NAME_1`, and so on. */
function inParts(random, name, text) {
    const separator = random.pick(['_', '.', '-']);
    const size = Math.ceil(text.length / random.between(2, 3));
    const parts = text.match(new RegExp(`.{1,${size}}`, 'g'));
    return random.shuffle(parts.map((part, index) => `${name}${index === 0 ? '' : separator + index}=${part}`));
}

/** The case of this number: headers to send, and what they were made of. */
export function generate(random, geo, now) {
    const signals = [];
    for (const kind of kinds(random, geo)) {
        const long = kind === 'tcf' && random.chance(0.004) ? 100 : 0;
        let text = { tcf: () => tcf(random, now, long), gpp: () => gpp(random, now, geo), us_privacy: () => usPrivacy(random) }[kind]();
        let mutation = 'none';
        if (random.chance(0.2)) {
            [mutation, text] = mutate(random, text);
        }
        // A second cookie of the same kind says the same thing again now and then.
        const again = signals.find((signal) => signal.kind === kind);
        if (again && random.chance(0.2)) {
            ({ text, mutation } = again);
        }
        signals.push({ kind, mutation, text, name: random.chance(0.7) ? NAMES[kind][0] : NAMES[kind][1] });
    }
    for (const signal of signals) {
        const encoded = random.weighted([[12, signal.text], [1, encodeURIComponent(signal.text)],
            [1, signal.text.replace(/[~.-]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)]]);
        signal.encoding = encoded === signal.text ? 'plain' : 'url';
        signal.written = [`${signal.name}=${encoded}`];
        const alone = signals.filter(({ name }) => name === signal.name).length === 1;
        if (alone && encoded === signal.text && encoded.length > 8 && random.chance(0.06)) {
            signal.encoding = 'parts';
            signal.written = inParts(random, signal.name, encoded);
        } else if (random.chance(0.02)) {
            signal.written = [`${signal.name}="${encoded}"`];
        }
    }
    const noise = random.shuffle(NOISE).slice(0, random.below(3));
    const order = random.shuffle(signals);
    const cookies = random.shuffle(noise.map((cookie) => [cookie]).concat(order.map(({ written }) => written)));
    // Signals are read in the order of their cookies.
    order.sort((a, b) => cookies.indexOf(a.written) - cookies.indexOf(b.written));
    const lines = [];
    for (const cookie of cookies.flat()) {
        if (lines.length === 0 || random.chance(0.15)) {
            lines.push(cookie);
        } else {
            lines[lines.length - 1] += `; ${cookie}`;
        }
    }
    const gpc = random.weighted([[16, undefined], [2, '1'], [0.2, '1, 1'], [0.5, '0']]);
    return { geo, signals: order, cookies: lines, gpc };
}
