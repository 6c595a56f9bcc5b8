// What was asked and what differed, by class.
const EXAMPLES = 3;

class Counts extends Map {
    add(key) {
        this.set(key, (this.get(key) ?? 0) + 1);
    }
    print(title) {
        console.log(title);
        for (const [key, count] of [...this].sort(([, a], [, b]) => b - a)) {
            console.log(`  ${String(count).padStart(6)}  ${key}`);
        }
    }
}

export class Tally {
    constructor(seed) {
        this.seed = seed;
        for (const name of ['strings', 'mutations', 'verdicts', 'accepted', 'explained', 'doubtful', 'unexplained', 'wrong']) {
            this[name] = new Counts();
        }
        this.requests = 0;
        this.explanations = 0;
        this.examples = new Map();
    }

    read(library, kind) {
        this.strings.add(`${kind} (${library})`);
    }

    /** A damaged string, and what the library makes of it. */
    damaged(library, kind, how) {
        this.accepted.add(`${kind} (${library}): ${how}`);
    }

    /** A library read a sound string otherwise than its specification: known, or not. */
    difference(known, what, example) {
        if (known) {
            this.explained.add(known);
        } else {
            this.unexplained.add(what);
            this.example(what, example);
        }
    }

    example(what, text) {
        const examples = this.examples.get(what) ?? [];
        if (examples.length < EXAMPLES) {
            this.examples.set(what, [...examples, text]);
        }
    }

    /** What an explanation says must be what was decided. */
    explanation(request, shown, explained) {
        this.explanations += 1;
        if (shown !== explained) {
            this.differs(`${shown} shown, and explained as ${explained}`, request);
        }
    }

    decided(request, found, [expected, why], shown, state) {
        this.requests += 1;
        this.last = { request, found, expected, why, shown, state };
        for (const { kind, mutation } of request.signals) {
            this.mutations.add(`${kind}: ${mutation}`);
        }
        this.verdicts.add(`${expected}${request.policy === 'default' ? '' : `, policy ${request.policy}`}`);
        const tombstone = state === 'tombstone';
        const kind = shown !== expected ? `${expected} expected, ${shown} shown` : tombstone !== (shown === 'withdrawn') ? `${shown}, and the record is ${state}` : undefined;
        // By place, refusals of another law do not count.
        if (shown === 'granted' && found.readAsRefusal && request.policy !== 'by place') {
            this.differs('granted, and a library reads a refusal in a damaged string', request);
        }
        if (kind === undefined) {
            return;
        }
        // Where no specification decides whether a string is one, either answer is right.
        if (found.doubts.length > 0) {
            this.doubtful.add(found.doubts[0]);
            return;
        }
        const encodings = new Set(request.signals.map(({ encoding }) => encoding).filter((encoding) => encoding && encoding !== 'plain'));
        const encoded = encodings.size > 0 ? ` (${[...encodings]})` : '';
        const reason = `${kind}${encoded}: ${why.replace(/section \d+/g, 'section N').slice(0, 100)}`;
        this.differs(reason, request);
    }

    differs(reason, request) {
        this.wrong.add(reason);
        this.example(reason, `case ${request.number} ${request.geo} (${request.policy}) gpc=${request.gpc} ${request.cookies.join(' // ')}`);
    }

    /** Prints it all; 1 where anything is left unexplained. */
    report(detailed) {
        console.log(`${this.requests} requests, ${this.explanations} of them explained, seed ${this.seed}`);
        this.strings.print('strings read by the libraries');
        this.mutations.print('signals by kind and damage');
        this.accepted.print('damaged strings');
        this.verdicts.print('decisions expected');
        this.explained.print('differences of the libraries that known.json explains');
        this.doubtful.print('either answer is right');
        this.unexplained.print('differences of the libraries that nothing explains');
        this.wrong.print('differences of the service');
        for (const [reason, examples] of this.examples) {
            console.log(`\n${reason}`);
            examples.forEach((example) => console.log(`  ${example.slice(0, 700)}`));
        }
        if (detailed) {
            console.log(JSON.stringify(this.last, null, 1));
        }
        return this.wrong.size > 0 || this.unexplained.length > 0 ? 1 : 0;
    }
}
