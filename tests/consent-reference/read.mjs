// What strings say, read as their specifications have it, strictly. A `fault` is where a string stops being one; what was
// read before it stays. A `doubt` is what no specification decides: either answer is right then.
import { Malformed, Reader } from './bits.mjs';
import { US, fieldsOf } from './sections.mjs';

/** Reads as far as it goes: what `read` threw is a fault of what it filled in. */
function attempt(into, where, read) {
    try {
        read();
    } catch (error) {
        if (!(error instanceof Malformed)) {
            throw error;
        }
        into.faults.push(`${where}: ${error.message}`);
    }
}

function finish(reader, into, where) {
    attempt(into, where, () => {
        const doubt = reader.finish();
        if (doubt) {
            into.doubts.push(`${where}: ${doubt}`);
        }
    });
}

/** TCF: one vendor section, by bits or by ranges. */
function vendors(reader) {
    const most = reader.int(16);
    if (!reader.bool()) {
        reader.take(most);
        return;
    }
    ranges(reader, () => reader.int(16));
}

/** Range(Int), and how TCF writes it. */
function ranges(reader, number) {
    for (let entries = reader.int(12); entries > 0; entries--) {
        const group = reader.bool();
        const first = number();
        const last = group ? number() : first;
        if (last < first) {
            throw new Malformed('a range that ends before it starts');
        }
        reader.listed = (reader.listed ?? 0) + last - first + 1;
    }
}

const nothing = () => ({ faults: [], doubts: [] });

/** "Transparency and Consent String with Global Vendor & CMP List Formats", the core string and its segments. */
export function readTcf(text) {
    const tcf = { ...nothing(), disclosed: false };
    const [core, ...segments] = text.split('.');
    const reader = new Reader(core);
    attempt(tcf, 'core', () => {
        tcf.version = reader.int(6);
        if (tcf.version !== 2) {
            throw new Malformed(`version ${tcf.version}`);
        }
        tcf.created = reader.int(36) * 100;
        tcf.updated = reader.int(36) * 100;
        tcf.cmp = reader.int(12);
        reader.take(12 + 6 + 12 + 12);
        tcf.policy = reader.int(6);
        tcf.serviceSpecific = reader.bool();
        reader.take(1 + 12);
        const consents = reader.take(24);
        reader.take(24);
        const treatment = reader.bool();
        tcf.purposeOne = consents[0] === '1';
        tcf.purposeOneTreatment = treatment;
        // Six bits a letter, of which 26 are letters.
        tcf.oddCountry = [reader.int(6), reader.int(6)].some((letter) => letter > 25);
        vendors(reader);
        vendors(reader);
        for (let restrictions = reader.int(12); restrictions > 0; restrictions--) {
            const [purpose, type] = [reader.int(6), reader.int(2)];
            // Types 0 to 2 have a meaning; 3 is "undefined".
            tcf.oddRestriction ||= purpose === 0 || type === 3;
            ranges(reader, () => reader.int(16));
        }
        finish(reader, tcf, 'core');
    });
    tcf.listed = reader.listed ?? 0;
    const seen = new Set();
    for (const segment of segments) {
        attempt(tcf, 'segment', () => {
            const reader = new Reader(segment);
            const type = reader.int(3);
            if (type < 1 || type > 3) {
                throw new Malformed(`a segment of type ${type}`);
            }
            if (seen.has(type)) {
                throw new Malformed('one that repeats');
            }
            seen.add(type);
            if (type === 3) {
                reader.take(24 + 24);
                reader.take(2 * reader.int(6));
            } else {
                vendors(reader);
            }
            tcf.disclosed ||= type === 1;
            finish(reader, tcf, 'segment');
        });
    }
    return tcf;
}

/** OptimizedRange as the specification has it, as @iabgpp/cmpapi writes it now, and as that wrote it before. */
const CANADIAN = [
    (reader) => (reader.bool() ? fibonacciRange(reader) : reader.take(reader.int(16))),
    (reader) => {
        const most = reader.int(16);
        return reader.bool() ? fibonacciRange(reader) : reader.take(most);
    },
    vendors,
];

function fibonacciRange(reader, each = () => {}) {
    let last = 0;
    for (let entries = reader.int(12); entries > 0; entries--) {
        const group = reader.bool();
        const first = last + reader.fibonacci();
        last = group ? first + reader.fibonacci() : first;
        // No list of sections or vendors is longer; a hostile one is.
        if (last > 2 ** 12) {
            throw new Malformed('a range beyond all ids');
        }
        each(first, last);
    }
}

/** Canadian TCF, section 5. */
export function readCanada(text) {
    const canada = nothing();
    const [core, ...segments] = text.split('.');
    attempt(canada, 'core', () => {
        const reader = new Reader(core);
        const version = reader.int(6);
        if (version !== 1) {
            throw new Malformed(`version ${version}`);
        }
        reader.take(36 + 36 + 12 + 12 + 6 + 12 + 12 + 6 + 1 + 12);
        const [express, implied] = [reader.take(24), reader.take(24)];
        canada.express = express[0] === '1';
        canada.implied = implied[0] === '1';
        const start = reader.at;
        let fault;
        for (const [layout, list] of CANADIAN.entries()) {
            reader.at = start;
            try {
                list(reader);
                list(reader);
                for (let restrictions = reader.int(12); restrictions > 0; restrictions--) {
                    reader.take(6 + 2);
                    (layout === 2 ? (reader) => ranges(reader, () => reader.int(16)) : list)(reader);
                }
                if (reader.finish() === null) {
                    canada.layout = layout;
                    return;
                }
            } catch (error) {
                fault = error;
            }
        }
        // Some layout may fit with bits left over: which one is meant, no one can say.
        if (fault === undefined || fault.message !== 'not base64') {
            canada.doubts.push('core: vendors in no layout that is known');
        } else {
            throw fault;
        }
    });
    for (const segment of segments) {
        attempt(canada, 'segment', () => {
            const reader = new Reader(segment);
            const type = reader.int(3);
            if (type !== 1 && type !== 3) {
                throw new Malformed(`a segment of type ${type}`);
            }
            if (type === 3) {
                reader.take(24 + 24);
                reader.take(2 * reader.int(6));
            }
            if (reader.broken) {
                throw new Malformed('not base64');
            }
        });
    }
    return canada;
}

/** The US Privacy string, version 1. */
export function readUsPrivacy(text) {
    const privacy = nothing();
    const match = /^1([YN-])([YN-])([YN-])$/i.exec(text);
    if (match) {
        [, privacy.notice, privacy.optOut] = match.map((character) => character.toUpperCase());
        if (text !== text.toUpperCase()) {
            privacy.doubts.push('letters in lower case');
        }
    } else {
        privacy.faults.push('not a US Privacy string');
    }
    return privacy;
}

function readFields(reader, fields, read) {
    const values = {};
    // What was read before it breaks off counts.
    read.fields = values;
    for (const { name, count } of fields) {
        values[name] = [];
        for (let i = 0; i < count; i++) {
            values[name].push(reader.int(2));
            if (values[name].at(-1) === 3) {
                read.faults.push(`core: a ${name} that has no meaning`);
            }
        }
    }
    return values;
}

/** A US section: its core, perhaps after a header of its own, and its subsections. */
export function readUs(id, text) {
    const section = US.get(id);
    const read = { ...nothing(), id, state: section.state, fields: {}, gpc: false };
    let parts = text.split('.');
    if (section.header) {
        const header = new Reader(parts[0]);
        if (header.bits.startsWith(id.toString(2).padStart(6, '0'))) {
            attempt(read, 'header', () => {
                read.header = true;
                header.take(6);
                const version = header.int(6);
                if (version !== 1) {
                    throw new Malformed(`version ${version}`);
                }
                fibonacciRange(header);
                finish(header, read, 'header');
            });
            parts = parts.slice(1);
        }
    }
    const [core, ...subsections] = parts;
    if (!read.header || read.faults.length === 0) {
        attempt(read, 'core', () => {
            const reader = new Reader(core ?? '');
            const version = reader.int(6);
            read.version = version;
            const layouts = fieldsOf(section, read.header ? 1 : version, reader.bits.length);
            if (layouts.length === 0) {
                throw new Malformed(`version ${version}`);
            }
            [read.fields, read.also] = layouts.map((fields) => {
                reader.at = 6;
                return readFields(reader, fields, read);
            });
            read.either = read.also !== undefined;
            finish(reader, read, 'core');
        });
    }
    if (section.subsection === null && subsections.length > 0) {
        read.doubts.push('a subsection that the section does not have');
    }
    let seen = 0;
    for (const subsection of subsections) {
        attempt(read, 'subsection', () => {
            const reader = new Reader(subsection);
            if (section.subsection === 'sensitive') {
                reader.take(16);
            } else {
                const type = reader.int(2);
                const gpc = reader.bool();
                // The library does not look at the type: what it takes for a refusal counts as one.
                read.gpc ||= gpc && section.subsection === 'gpc';
                if (type !== 1) {
                    throw new Malformed(`a subsection of type ${type}`);
                }
            }
            if (++seen > 1) {
                throw new Malformed('a subsection that repeats');
            }
            finish(reader, read, 'subsection');
        });
    }
    return read;
}

/** A GPP string: its header, and what each section says. */
export function readGpp(text) {
    const gpp = { ...nothing(), ids: [], sections: [] };
    const [head, ...bodies] = text.split('~');
    attempt(gpp, 'header', () => {
        const reader = new Reader(head);
        const [type, version] = [reader.int(6), reader.int(6)];
        if (type !== 3 || version !== 1) {
            throw new Malformed(`type ${type}, version ${version}`);
        }
        // What it announces before it breaks off can still be read.
        fibonacciRange(reader, (first, last) => {
            for (let id = first; id <= last && gpp.ids.length < bodies.length + 1; id++) {
                gpp.ids.push(id);
            }
        });
        finish(reader, gpp, 'header');
    });
    if (gpp.faults.length === 0 && gpp.ids.length !== bodies.length) {
        gpp.faults.push('header: not as many sections as it announces');
    }
    if (gpp.faults.length === 0 && gpp.ids.length === 0) {
        gpp.faults.push('header: no sections');
    }
    for (const [index, id] of gpp.ids.entries()) {
        const body = bodies[index];
        if (body === undefined) {
            break;
        }
        gpp.sections.push({ id, body, ...readSection(id, body) });
    }
    return gpp;
}

function readSection(id, body) {
    if (body === '') {
        return { kind: 'blank', faults: ['blank'], doubts: [] };
    }
    switch (id) {
        case 2:
            return { kind: 'tcf', ...readTcf(body) };
        case 5:
            return { kind: 'canada', ...readCanada(body) };
        case 6:
            return { kind: 'us_privacy', ...readUsPrivacy(body) };
        default:
            return US.has(id) ? { kind: 'us', ...readUs(id, body) } : { kind: 'unknown', ...nothing() };
    }
}
