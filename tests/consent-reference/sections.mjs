// The US sections of GPP as their specifications lay them out: one line a section, two bits a field, `*n` for n of them.
// Source: InteractiveAdvertisingBureau/Global-Privacy-Platform at b27beb4 (17 December 2025), folders `Sections/US-National`
// and `Sections/US-States`.

const AFTER = 'MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode';
const OLD = 'SharingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice';
const NEW = 'ProcessingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice';
const CHOICES = 'SaleOptOut TargetedAdvertisingOptOut';
const MORE = 'AdditionalDataProcessingConsent';
const sensitive = (count) => `SensitiveDataProcessing*${count}`;
const child = (count) => `KnownChildSensitiveDataConsents*${count}`;
const NEWEST = `MspaCoveredTransaction MspaMode ${NEW} ${CHOICES}`;

const LAYOUTS = {
    7: ['', `SharingNotice SaleOptOutNotice SharingOptOutNotice TargetedAdvertisingOptOutNotice
        SensitiveDataProcessingOptOutNotice SensitiveDataLimitUseNotice SaleOptOut SharingOptOut TargetedAdvertisingOptOut
        ${sensitive(16)} ${child(3)} PersonalDataConsents ${AFTER}`],
    8: ['CA', `SaleOptOutNotice SharingOptOutNotice SensitiveDataLimitUseNotice SaleOptOut SharingOptOut
        ${sensitive(9)} ${child(2)} PersonalDataConsents ${AFTER}`],
    9: ['VA', `${OLD} ${CHOICES} ${sensitive(8)} ${child(1)} ${AFTER}`],
    10: ['CO', `${OLD} ${CHOICES} ${sensitive(7)} ${child(1)} ${AFTER}`],
    11: ['UT', `${OLD} SensitiveDataProcessingOptOutNotice ${CHOICES} ${sensitive(8)} ${child(1)} ${AFTER}`],
    12: ['CT', `${OLD} ${CHOICES} ${sensitive(8)} ${child(3)} ${AFTER}`],
    13: ['FL', `${NEW} ${CHOICES} ${sensitive(8)} ${child(3)} ${MORE} ${AFTER}`],
    14: ['MT', `${OLD} ${CHOICES} ${sensitive(8)} ${child(3)} ${MORE} ${AFTER}`],
    15: ['OR', `${NEW} ${CHOICES} ${sensitive(11)} ${child(3)} ${MORE} ${AFTER}`],
    16: ['TX', `${NEW} ${CHOICES} ${sensitive(8)} ${child(1)} ${MORE} ${AFTER}`],
    17: ['DE', `${NEW} ${CHOICES} ${sensitive(9)} ${child(5)} ${MORE} ${AFTER}`],
    18: ['IA', `${NEW} SensitiveDataOptOutNotice ${CHOICES} ${sensitive(8)} ${child(1)} ${AFTER}`],
    19: ['NE', `${NEW} ${CHOICES} ${sensitive(8)} ${child(1)} ${MORE} ${AFTER}`],
    20: ['NH', `${NEW} ${CHOICES} ${sensitive(8)} ${child(3)} ${MORE} ${AFTER}`],
    21: ['NJ', `${NEW} ${CHOICES} ${sensitive(10)} ${child(5)} ${MORE} ${AFTER}`],
    22: ['TN', `${NEW} ${CHOICES} ${sensitive(8)} ${child(1)} ${MORE} ${AFTER}`],
    23: ['MN', `${NEW} ${CHOICES} ${sensitive(8)} ${child(1)} ${MORE} ${AFTER}`],
    24: ['MD', `${NEWEST} ${MORE}`],
    25: ['IN', `${NEWEST} ${child(1)} ${MORE}`],
    26: ['KY', `${NEWEST} ${child(1)} ${MORE}`],
    27: ['RI', `${NEWEST} ${child(1)} ${MORE}`],
};

const parse = (layout) =>
    layout.trim().split(/\s+/).map((field) => {
        const [name, count] = field.split('*');
        return { name, count: Number(count ?? 1) };
    });

/** Version 1 of the national section (December 2022) had 12 sensitive categories and 2 age groups. */
const NATIONAL_V1 = parse(
    LAYOUTS[7][1].replace(sensitive(16), sensitive(12)).replace(child(3), child(2)),
);

/** What follows a core: Global Privacy Control, or sensitive data consents, or nothing. */
const WITHOUT_GPC = new Set([9, 11, 13]);
const WITH_SENSITIVE = new Set([25, 26, 27]);

/** Sections by number: the state (`''` is the nation), the fields after the six bits of the version, the subsections. */
export const US = new Map(
    Object.entries(LAYOUTS).map(([id, [state, layout]]) => [
        Number(id),
        {
            id: Number(id),
            state,
            fields: parse(layout),
            subsection: WITH_SENSITIVE.has(Number(id)) ? 'sensitive' : WITHOUT_GPC.has(Number(id)) ? null : 'gpc',
            /** 24 to 27 may begin with a header of their own. */
            header: Number(id) >= 24,
        },
    ]),
);

/**
 * The fields of a core of this version and of so many bits; none where there is no such version. @iabgpp/cmpapi 3.1.5 to 3.1.9
 * wrote the national section's second layout under its first version's number, and a first core that is filled up to 72 bits
 * looks the same: it may be either then, and what either says counts.
 */
export function fieldsOf(section, version, bits = 0) {
    if (section.id === 7 && version === 1) {
        return bits < 70 ? [NATIONAL_V1] : [section.fields, NATIONAL_V1];
    }
    return version === 1 || (section.id === 7 && version === 2) ? [section.fields] : [];
}
