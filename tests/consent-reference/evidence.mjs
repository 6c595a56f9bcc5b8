// What a request says: every string read by the IAB's libraries and by `read.mjs`. Where the two agree, or where the library
// is known to be wrong (`known.json`), there is one answer; every other difference is an error of this test or of a library.
import { readFileSync } from 'node:fs';
import { readGpp, readTcf, readUsPrivacy } from './read.mjs';
import { referenceGpp, referenceHeader, referenceSection, referenceTcf, referenceUsPrivacy } from './reference.mjs';

export const KNOWN = JSON.parse(readFileSync(new URL('./known.json', import.meta.url), 'utf8'));

const TCF_FACTS = ['version', 'created', 'updated', 'cmp', 'policy', 'serviceSpecific', 'purposeOne', 'purposeOneTreatment'];
const FACTS = { tcf: TCF_FACTS, canada: ['express', 'implied'], us_privacy: ['notice', 'optOut'], us: ['fields', 'gpc'], header: ['ids'], gpp: [] };

/** The entry of `known.json` that explains this difference. */
const explanation = (library, kind, own, differs) =>
    KNOWN.find(
        (entry) =>
            entry.library === library && entry.kind === kind && entry.differs.includes(differs) &&
            Object.entries(entry.when ?? {}).every(([fact, values]) => values.includes(own[fact])),
    );

/** Values that are read of one request; one more may be anything. */
const MOST_VALUES = 16;

/** Vendors beyond which a library, which keeps each of them, would take minutes: it is not asked. */
const MOST_VENDORS = 2 ** 18;

/** Whether a library reads a refusal in this. */
const refuses = {
    tcf: ({ purposeOne, purposeOneTreatment }) => purposeOne === false && purposeOneTreatment === false,
    canada: ({ express, implied }) => express === false && implied === false,
    us_privacy: ({ optOut }) => optOut === 'Y',
    us: ({ fields, gpc }) => gpc || Object.entries(fields ?? {}).some(([name, values]) => /(Sale|Sharing|Advertising)OptOut$/.test(name) && values.includes(1)),
    header: () => false,
    gpp: () => false,
};

/** Compares what a library reads of a sound string with what its specification says. In a damaged one, its refusals are kept. */
function compare(tally, library, kind, own, reference, text, found) {
    tally.read(library, kind);
    if (own.faults.some((fault) => !fault.endsWith('no meaning')) || own.doubts.length > 0) {
        // A library need not refuse what is damaged. Where it reads a refusal, nothing may be granted.
        const refused = reference.error === undefined && refuses[kind](reference);
        tally.damaged(library, kind, reference.error !== undefined ? 'refused' : refused ? 'read as a refusal' : 'read all the same');
        found.readAsRefusal ||= refused;
        return;
    }
    const differs = reference.error === undefined
        ? FACTS[kind].find((fact) => JSON.stringify(own[fact]) !== JSON.stringify(reference[fact]))
        : 'error';
    if (differs !== undefined) {
        const known = explanation(library, kind, own, differs);
        tally.difference(
            known?.id,
            `${library} ${kind}: ${differs}${reference.error === undefined ? '' : ` (${reference.error.replace(/'.*/, '')})`}`,
            `${text}\n  own ${JSON.stringify(own[differs] ?? own)}\n  library ${JSON.stringify(reference[differs] ?? reference)}`,
        );
    }
}

/** Everything that the signals of a request say, as far as they are read. */
export function evidence(request, tally, settings) {
    const found = { gpc: request.gpc?.startsWith('1') ?? false, tcf: [], canada: [], usPrivacy: [], us: [], unknown: [], faults: [], doubts: [] };
    const collect = (what, { faults, doubts }) => {
        found.faults.push(...faults.map((fault) => `${what}: ${fault}`));
        found.doubts.push(...doubts.map((doubt) => `${what}: ${doubt}`));
    };
    // A cookie that was emptied says nothing, and one that says the same as another nothing more.
    const values = new Map(request.signals.filter(({ text }) => text !== '').map(({ kind, text }) => [`${kind} ${text}`, { kind, text }]));
    found.silent = values.size === 0;
    if (values.size > MOST_VALUES) {
        found.faults.push('more values than are read');
    }
    for (const { kind, text: whole } of [...values.values()].slice(0, MOST_VALUES)) {
        const text = whole.slice(0, settings.maxSignalBytes);
        if (text !== whole) {
            found.faults.push(`${kind}: longer than what is read`);
        }
        if (kind === 'tcf') {
            const tcf = readTcf(text);
            if (tcf.listed <= MOST_VENDORS) {
                compare(tally, 'core', 'tcf', tcf, referenceTcf(text), text, found);
            }
            collect('tcf', tcf);
            found.tcf.push(text === whole ? tcf : { ...tcf, faults: [...tcf.faults, 'cut'] });
        } else if (kind === 'us_privacy') {
            const privacy = readUsPrivacy(text);
            compare(tally, 'cmpapi', 'us_privacy', privacy, referenceUsPrivacy(text), text, found);
            collect('us_privacy', privacy);
            found.usPrivacy.push(privacy);
        } else {
            collectGpp(readGpp(text), text, found, collect, tally);
        }
    }
    return found;
}

function collectGpp(gpp, text, found, collect, tally) {
    compare(tally, 'cmpapi', 'header', gpp, referenceHeader(text.split('~')[0]), text, found);
    const all = { ...gpp, faults: [...gpp.faults, ...gpp.sections.flatMap((section) => section.faults)] };
    all.doubts = [...gpp.doubts, ...gpp.sections.flatMap((section) => section.doubts)];
    all.layout = gpp.sections.find(({ kind }) => kind === 'canada')?.layout;
    all.header = gpp.sections.some(({ header }) => header);
    const asked = gpp.sections.every(({ listed }) => listed === undefined || listed <= MOST_VENDORS);
    if (asked) {
        compare(tally, 'cmpapi', 'gpp', all, referenceGpp(text), text, found);
    }
    collect('gpp', gpp);
    for (const section of gpp.sections) {
        collect(`gpp section ${section.id}`, section);
        if (section.kind === 'unknown') {
            found.unknown.push(section.id);
        } else if (section.kind !== 'blank') {
            if (asked) {
                compare(tally, 'cmpapi', section.kind, section, referenceSection(section.id, section.body), `${section.id} ${section.body}`, found);
            }
            const list = { tcf: found.tcf, canada: found.canada, us_privacy: found.usPrivacy, us: found.us }[section.kind];
            list.push(section);
        }
    }
}
