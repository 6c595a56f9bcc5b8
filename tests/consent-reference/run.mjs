// Asks the running service about thousands of requests, and compares its decisions with the rules as `rules.mjs` states them
// over what the IAB's libraries read. `scripts/consent-reference.sh` builds the service and runs this.
//   node run.mjs --ec PATH [--count 20000] [--seed 1]     so many requests
//   node run.mjs --ec PATH --case NUMBER [--seed 1]       one of them, with all that is known of it
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { evidence } from './evidence.mjs';
import { EXAMPLES } from './examples.mjs';
import { generate } from './generate.mjs';
import { ASKED, POLICIES } from './policies.mjs';
import { random } from './random.mjs';
import { decide } from './rules.mjs';
import { Connection, Service, explanation, record, verdict, visit } from './service.mjs';
import { Tally } from './tally.mjs';

const { values } = parseArgs({
    options: {
        ec: { type: 'string' },
        count: { type: 'string', default: '20000' },
        seed: { type: 'string', default: '1' },
        case: { type: 'string' },
    },
});
/** Of so many requests one is explained as well. */
const EXPLAINED = 10;
const now = Date.now();
const tally = new Tally(Number(values.seed));

const numbers = values.case === undefined ? Array.from({ length: Number(values.count) }, (_, number) => number) : [Number(values.case)];
/** Cases by place and policy: a server is asked all that is asked there. */
const servers = new Map();
const file = (request) => {
    const key = `${request.geo} ${request.policy}`;
    servers.set(key, [...(servers.get(key) ?? []), request]);
};
EXAMPLES.forEach((example, index) => file({ ...example, number: -1 - index, policy: 'default', gpc: undefined }));
for (const number of numbers) {
    const { geo, policy } = ASKED[number % ASKED.length];
    file({ number, policy, ...generate(random(`${values.seed}/${number}`), geo, now) });
}

const ecId = (number) => `${createHash('sha256').update(`${values.seed}/${number}`).digest('hex')}.abc123`;

async function ask(cases) {
    const [{ geo, policy }] = cases;
    const { toml, settings } = POLICIES[policy];
    const service = await Service.start(values.ec, geo, `[ec.consent]\n${toml}\n`);
    try {
        await service.create(cases.map(({ number }) => ecId(number)));
        const left = [...cases];
        const worker = async () => {
            const connection = new Connection(service.port);
            for (let request = left.pop(); request; request = left.pop()) {
                await one(connection, request, settings);
            }
            connection.close();
        };
        await Promise.all(Array.from({ length: 4 }, worker));
    } finally {
        await service.stop();
    }
}

async function one(connection, request, settings) {
    // With an invalid EC cookie a grant sets a new one, and a refusal expires it.
    const shown = verdict(await connection.send(visit(request, 'none')));
    // A live user: only a withdrawal leaves a tombstone.
    const id = ecId(request.number);
    await connection.send(visit(request, id));
    const { body } = await connection.send(record(id));
    const state = JSON.parse(body).state;
    if (request.number % EXPLAINED === 0) {
        const answer = await connection.send(explanation(request));
        tally.explanation(request, shown, JSON.parse(answer.body).verdict?.replace('_', ' '));
    }
    const found = evidence(request, tally, settings);
    tally.decided(request, found, decide(found, request.geo, now, settings), shown, state);
    if (request.verdicts && !request.verdicts.includes(shown)) {
        tally.differs(`an example is ${shown}`, request);
    }
}

const queue = [...servers.values()];
await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
        for (let cases = queue.pop(); cases; cases = queue.pop()) {
            await ask(cases);
        }
    }),
);
process.exitCode = tally.report(values.case !== undefined);
