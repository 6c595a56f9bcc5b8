// Requests that were once decided wrongly, with what must come of them.
import { NAMES } from './generate.mjs';

const DAMAGED = 'CQlH_MAQlH_MAAfABENB4FgAEIAAAAAAAAAALAAAAAAAA';

const example = (geo, cookie, ...verdicts) => ({
    geo,
    cookies: [cookie],
    verdicts,
    signals: cookie.split('; ').map((pair) => {
        const [name, text] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
        return { kind: Object.keys(NAMES).find((kind) => NAMES[kind].includes(name)), name, text, mutation: 'example' };
    }),
});

export const EXAMPLES = [
    example('US-CA', '__gpp=DBABBg~BUkAAABA.QA; us_privacy=1YNN', 'withdrawn'),
    example('US-CA', '__gpp=DBABrw~CVQqAAAAAABA.QA~BUkAAABA.QA', 'withdrawn'),
    example('US-CA', 'us_privacy=1YNN; us_privacy=1YYN', 'withdrawn'),
    example('US-CA', 'usprivacy=1YYN', 'withdrawn'),
    example('US-CA', '__gpp=DBABLA~BVVq; us_privacy=1YNN', 'not granted', 'withdrawn'),
    example('US-RI', '__gpp=DBABSYA~BQVQ.AAA', 'withdrawn'),
    example('US-MD', '__gpp=DBABEYA~BQVQ.QA', 'withdrawn'),
    example('DE', `euconsent-v2=${DAMAGED}`, 'not granted'),
];
