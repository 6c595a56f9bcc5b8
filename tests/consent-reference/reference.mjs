// What the IAB's own libraries read in a string: the same facts as `read.mjs` finds, or the error that they end in.
import { TCString } from '@iabtcf/core';
import { US } from './sections.mjs';

/** Single sections are no part of the package's front door. */
const ENCODER = './node_modules/@iabgpp/cmpapi/lib/mjs/encoder';
const SECTIONS = new Map();
for (const { id, state } of US.values()) {
    const name = state === '' ? 'UsNat' : `Us${state[0]}${state[1].toLowerCase()}`;
    const module = await import(`${ENCODER}/section/${name}.js`);
    SECTIONS.set(id, module[name]);
}
const { GppModel } = await import(`${ENCODER}/GppModel.js`);

/** The library makes a list of every number of a range, so that a few characters would take all memory: no list is that long. */
const LONGEST = 2 ** 12;
const { FibonacciIntegerEncoder } = await import(`${ENCODER}/datatype/encoder/FibonacciIntegerEncoder.js`);
const fibonacci = FibonacciIntegerEncoder.decode;
FibonacciIntegerEncoder.decode = (bits) => {
    const value = fibonacci(bits);
    if (value > LONGEST) {
        throw new Error('a range that the library would take all memory for');
    }
    return value;
};
const { HeaderV1 } = await import(`${ENCODER}/section/HeaderV1.js`);
const { TcfEuV2 } = await import(`${ENCODER}/section/TcfEuV2.js`);
const { TcfCaV1 } = await import(`${ENCODER}/section/TcfCaV1.js`);
const { UspV1 } = await import(`${ENCODER}/section/UspV1.js`);

function attempt(read) {
    try {
        return read();
    } catch (error) {
        return { error: String(error?.message ?? error).slice(0, 120) };
    }
}

/** A TCF string, as @iabtcf/core reads it. */
export const referenceTcf = (text) =>
    attempt(() => {
        const model = TCString.decode(text);
        return {
            version: Number(model.version),
            created: model.created.getTime(),
            updated: model.lastUpdated.getTime(),
            cmp: Number(model.cmpId),
            policy: Number(model.policyVersion),
            serviceSpecific: model.isServiceSpecific,
            purposeOne: model.purposeConsents.has(1),
            purposeOneTreatment: model.purposeOneTreatment,
        };
    });

/** The same of section 2, as @iabgpp/cmpapi reads it. */
const referenceEurope = (text) =>
    attempt(() => {
        const section = new TcfEuV2(text).toObj();
        return {
            version: section.Version,
            created: section.Created.getTime(),
            updated: section.LastUpdated.getTime(),
            cmp: section.CmpId,
            policy: section.PolicyVersion,
            serviceSpecific: section.IsServiceSpecific,
            purposeOne: section.PurposeConsents[0],
            purposeOneTreatment: section.PurposeOneTreatment,
        };
    });

const referenceCanada = (text) =>
    attempt(() => {
        const section = new TcfCaV1(text).toObj();
        return { express: section.PurposesExpressConsent[0], implied: section.PurposesImpliedConsent[0] };
    });

export const referenceUsPrivacy = (text) =>
    attempt(() => {
        const section = new UspV1(text).toObj();
        return { notice: section.Notice, optOut: section.OptOutSale };
    });

const referenceUs = (id, text) =>
    attempt(() => {
        const read = new (SECTIONS.get(id))(text).toObj();
        const fields = {};
        for (const { name } of US.get(id).fields) {
            const value = read[name] ?? read[name.replace(/s$/, '')];
            if (value !== undefined) {
                fields[name] = Array.isArray(value) ? value : [value];
            }
        }
        return { fields, gpc: read.Gpc === true };
    });

/** The sections that a GPP header announces. */
export const referenceHeader = (head) => attempt(() => ({ ids: new HeaderV1(head).getFieldValue('SectionIds') }));

/** Whether the whole GPP string is one. */
export const referenceGpp = (text) => attempt(() => new GppModel(text).toObject() && {});

export function referenceSection(id, text) {
    switch (id) {
        case 2:
            return referenceEurope(text);
        case 5:
            return referenceCanada(text);
        case 6:
            return referenceUsPrivacy(text);
        default:
            return SECTIONS.has(id) ? referenceUs(id, text) : {};
    }
}
