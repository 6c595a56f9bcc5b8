// What must follow from what a request says: the rules of consent, stated on their own. They come from the laws and the
// specifications that `docs/consent.md` names, not from the service's code.
import { lawAt } from './places.mjs';

/** TCF 2.2: policy version 4 (IAB Europe's deadline); TCF 2.3: policy version 5 and disclosed vendors. */
const TCF_2_2 = Date.UTC(2023, 10, 20);
const TCF_2_3 = Date.UTC(2026, 2, 1);

/** The last section that is registered; 1, 3 and 4 are, and say nothing here. */
const LAST_SECTION = 27;

const CHOICES = ['SaleOptOut', 'SharingOptOut', 'TargetedAdvertisingOptOut'];
const [OUT, NOT_OUT] = [1, 2];
const NOTICE_GIVEN = 1;
const NOTICE_NOT_GIVEN = 2;
const NO_CONSENT = 1;

/** Stamps are of whole days; fractions of a second do not count. */
const seconds = (time) => Math.floor(time / 1000);

/** Why a TCF string that consents to purpose 1 grants nothing all the same; nothing where it does. */
function invalid(tcf, now, settings) {
    if (tcf.updated < now - settings.tcfMaxAge) {
        return 'too old';
    }
    if (tcf.updated > now + settings.clockSkew || tcf.created > now + settings.clockSkew) {
        return 'from the future';
    }
    if (settings.tcfValidity === 'lenient') {
        return undefined;
    }
    const policy = tcf.created >= TCF_2_3 ? 5 : tcf.created >= TCF_2_2 ? 4 : 2;
    if (tcf.policy < policy) {
        return 'an older policy than its date asks for';
    }
    if (tcf.cmp <= 1) {
        return 'of no CMP';
    }
    if (seconds(tcf.created) > seconds(tcf.updated)) {
        return 'created after its last update';
    }
    if (!tcf.serviceSpecific) {
        return 'of global scope';
    }
    return tcf.created >= TCF_2_3 && !tcf.disclosed ? 'without disclosed vendors' : undefined;
}

/** What a US section refuses, what blocks a grant in it, and whether the user was given notice and did not opt out. */
function readSection({ fields, also, gpc }) {
    const has = (name, value) => fields[name]?.includes(value) ?? false;
    const refusals = CHOICES.filter((choice) => has(choice, OUT));
    if (gpc) {
        refusals.push('GPC');
    }
    const blocks = Object.keys(fields).filter((name) => name.endsWith('Notice') && has(name, NOTICE_NOT_GIVEN));
    for (const choice of CHOICES) {
        if (has(choice, NOT_OUT) && !has(`${choice}Notice`, NOTICE_GIVEN)) {
            blocks.push(`${choice} without its notice`);
        }
    }
    if (has('KnownChildSensitiveDataConsents', NO_CONSENT)) {
        blocks.push('a child without consent');
    }
    if (has('MspaServiceProviderMode', 1) || has('MspaMode', 2)) {
        blocks.push('a service provider');
    }
    if (also) {
        blocks.push(...readSection({ fields: also }).blocks);
    }
    // Partners get the identity: it is the sale that the user must not have opted out of.
    return { refusals, blocks, notOut: blocks.length === 0 && has('SaleOptOut', NOT_OUT) };
}

/** Every refusal in the evidence, and what a signal that grants nothing is kept from it by. */
function weigh(found, now, settings) {
    const weighed = { refusals: [], express: false, blocks: [...found.faults], tcf: false, notOut: new Set(), gpc: found.gpc };
    for (const tcf of found.tcf) {
        if (tcf.purposeOne) {
            const reason = tcf.faults.length > 0 ? 'damaged' : invalid(tcf, now, settings);
            weighed.tcf ||= reason === undefined;
        } else if (tcf.purposeOne === false && tcf.purposeOneTreatment === false) {
            weighed.refusals.push({ kind: 'tcf', what: 'TCF without purpose 1' });
        }
    }
    for (const canada of found.canada) {
        weighed.express ||= canada.express && canada.faults.length === 0;
        if (canada.express === false && canada.implied === false) {
            weighed.refusals.push({ kind: 'canada', what: 'Canadian TCF without purpose 1' });
        }
    }
    for (const privacy of found.usPrivacy) {
        if (privacy.optOut === 'Y') {
            weighed.refusals.push({ kind: 'us', what: 'US Privacy opt-out' });
        }
        if (privacy.notice === 'N' || (privacy.optOut === 'N' && privacy.notice !== 'Y')) {
            weighed.blocks.push('US Privacy without notice');
        } else if (privacy.optOut === 'N') {
            weighed.notOut.add('US Privacy');
        }
    }
    for (const section of found.us) {
        const { refusals, blocks, notOut } = readSection(section);
        weighed.blocks.push(...blocks.map((block) => `section ${section.id}: ${block}`));
        for (const refusal of refusals) {
            if (refusal === 'GPC') {
                weighed.gpc = true;
            } else {
                weighed.refusals.push({ kind: 'us', what: `section ${section.id}: ${refusal}` });
            }
        }
        if (notOut) {
            weighed.notOut.add(section.state);
        }
    }
    weighed.blocks.push(...found.unknown.filter((id) => id > LAST_SECTION).map((id) => `section ${id}, which is not registered`));
    return weighed;
}

/** Whether the law of the place, which `by_place` asks, has this kind of refusal. Canada's own counts everywhere. */
const AT_PLACE = {
    'opt-in': ['tcf', 'canada'],
    express: ['tcf', 'canada'],
    us: ['tcf', 'canada', 'us', 'gpc'],
    elsewhere: ['canada'],
    unknown: ['canada'],
};

/** `granted`, `not granted` or `withdrawn`, with the reason. */
export function decide(found, geo, now, settings) {
    const law = lawAt(geo, now, settings);
    const weighed = weigh(found, now, settings);
    const { blocks, tcf, notOut } = weighed;
    const counts = ({ kind }) => settings.honour === 'everywhere' || AT_PLACE[law].includes(kind);
    const refusals = weighed.refusals.filter(counts);
    if (refusals.length > 0) {
        return ['withdrawn', refusals.map(({ what }) => what).join(', ')];
    }
    const state = geo.split('-')[1];
    const grants = {
        'opt-in': () => tcf,
        express: () => weighed.express,
        us: () => tcf || notOut.has('US Privacy') || notOut.has('') || notOut.has(state) ||
            (settings.usWithoutSignal === 'grant' && found.silent && !found.gpc),
        elsewhere: () => true,
        unknown: () => false,
    }[law]();
    // Global Privacy Control: beside a valid consent that a user was asked for, by the policy; else a refusal.
    const asked = law === 'opt-in' || law === 'express';
    const gpcCounts = asked ? !(grants && settings.gpcInOptIn === 'ignore') : counts({ kind: 'gpc' });
    if (weighed.gpc && gpcCounts) {
        return ['withdrawn', 'GPC'];
    }
    if (!grants) {
        return ['not granted', `nothing grants: ${law}`];
    }
    return blocks.length > 0 ? ['not granted', blocks.join(', ')] : ['granted', law];
}
