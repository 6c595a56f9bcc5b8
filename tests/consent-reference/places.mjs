// The places, as the law has them.

/** EU 27 (Regulation (EU) 2016/679, Directive 2002/58/EC Art. 5(3)). */
const EU = 'AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK'.split(' ');
/** The EEA's others (EEA Agreement, Annex XI), and the United Kingdom (PECR 2003, reg. 6). */
const OTHERS = ['IS', 'LI', 'NO', 'GB'];
/** Territories where EU law holds: TFEU Art. 355(1) with Art. 349, and Åland, Art. 355(4). */
const TERRITORIES = ['RE', 'GP', 'MQ', 'GF', 'YT', 'MF', 'AX'];

export const OPT_IN = new Set([...EU, ...OTHERS, ...TERRITORIES]);

/** Regions of express consent: the Act respecting the protection of personal information in the private sector, s. 12-14. */
export const OPT_IN_REGIONS = new Set(['CA-QC']);

/** From when each state's comprehensive act is effective. */
export const STATES = new Map(
    Object.entries({
        CA: '2020-01-01', VA: '2023-01-01', CO: '2023-07-01', CT: '2023-07-01', UT: '2023-12-31', FL: '2024-07-01',
        OR: '2024-07-01', TX: '2024-07-01', MT: '2024-10-01', DE: '2025-01-01', IA: '2025-01-01', NE: '2025-01-01',
        NH: '2025-01-01', NJ: '2025-01-15', TN: '2025-07-01', MN: '2025-07-31', MD: '2025-10-01', IN: '2026-01-01',
        KY: '2026-01-01', RI: '2026-01-01', OK: '2027-01-01', LA: '2027-01-01', AL: '2027-05-01', VT: '2028-01-01',
    }).map(([state, date]) => [state, Date.parse(date)]),
);

/** Neither opt-in by default nor under an act of the list: other countries, territories apart, states without an act. */
const ELSEWHERE = ['BR', 'CH', 'GI', 'JE', 'GG', 'IM', 'BL', 'PF', 'JP', 'IN', 'AU', 'ZA', 'MX', 'US-AK', 'US-NY', 'US-PR', 'US'];
const CANADA = ['CA-QC', 'CA-QC', 'CA-QC', 'CA-ON', 'CA-BC', 'CA'];
const UNKNOWN = 'none';

/** Every place, as often as its law has cases. */
export const PLACES = [
    ...EU, ...OTHERS, ...TERRITORIES, ...Array(8).fill('DE'), ...Array(3).fill('FR'), ...Array(3).fill('GB'),
    ...[...STATES.keys()].flatMap((state) => Array(3).fill(`US-${state}`)), ...Array(12).fill('US-CA'),
    ...ELSEWHERE, ...CANADA, ...CANADA, UNKNOWN, UNKNOWN, UNKNOWN,
];

/** Some of each kind, for policies that change what holds there. */
export const SOME_PLACES = ['DE', 'DE', 'GB', 'CH', 'MF', 'US-CA', 'US-CA', 'US-FL', 'US-OK', 'US-NY', 'US', 'BR', 'CA-QC', 'CA-ON', UNKNOWN];

/** What holds at a place on a day: `opt-in`, `express` (Quebec), `us` (a state with an act), `elsewhere`, `unknown`. */
export function lawAt(geo, now, { optIn = OPT_IN, states = STATES } = {}) {
    const [country, region] = geo.split('-');
    if (geo === UNKNOWN) {
        return 'unknown';
    }
    if (optIn.has(country)) {
        return 'opt-in';
    }
    // Where the region is not known, it may be one with a stricter law than its country's.
    if (OPT_IN_REGIONS.has(geo) || (region === undefined && [...OPT_IN_REGIONS].some((one) => one.startsWith(`${country}-`)))) {
        return 'express';
    }
    return country === 'US' && (region === undefined || states.get(region) <= now) ? 'us' : 'elsewhere';
}
