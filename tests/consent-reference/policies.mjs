// The policies that the service runs under, and what each changes in the rules.
import { OPT_IN, PLACES, SOME_PLACES, STATES } from './places.mjs';

const DAY = 86_400_000;

/** The settings of `[ec.consent]` as they are by default. */
const DEFAULTS = {
    honour: 'everywhere',
    tcfMaxAge: 395 * DAY,
    clockSkew: DAY,
    tcfValidity: 'strict',
    gpcInOptIn: 'ignore',
    usWithoutSignal: 'not_granted',
    maxSignalBytes: 65_536,
};

const without = (set, one) => new Set([...set].filter((entry) => entry !== one));

export const POLICIES = {
    default: { toml: '', settings: DEFAULTS },
    'by place': { toml: 'honour_refusals = "by_place"', settings: { ...DEFAULTS, honour: 'by_place' } },
    'by law alone': {
        toml: 'us_without_signal = "grant"\ngpc_in_opt_in = "refusal"\ntcf_validity = "lenient"\ntcf_max_age = "none"',
        settings: { ...DEFAULTS, usWithoutSignal: 'grant', gpcInOptIn: 'refusal', tcfValidity: 'lenient', tcfMaxAge: Infinity },
    },
    'short values': { toml: 'max_signal_bytes = 256', settings: { ...DEFAULTS, maxSignalBytes: 256 } },
    'other lists': {
        toml: 'gdpr_countries = { add = ["CH"], remove = ["GB"] }\nus_states = { add = ["NY", "OK@2026-01-01"], remove = ["FL"] }',
        settings: {
            ...DEFAULTS,
            optIn: without(new Set([...OPT_IN, 'CH']), 'GB'),
            states: new Map([...STATES, ['NY', 0], ['OK', Date.UTC(2026, 0, 1)], ['FL', Infinity]]),
        },
    },
};

/** Where cases are asked and under which policy: a case's number says which of these it is about. */
export const ASKED = [
    ...Array(2).fill(PLACES).flat().map((geo) => ({ geo, policy: 'default' })),
    ...Object.keys(POLICIES).slice(1).flatMap((policy) => SOME_PLACES.map((geo) => ({ geo, policy }))),
];
