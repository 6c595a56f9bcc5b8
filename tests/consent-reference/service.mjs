// The running service: `ec serve` at one place, asked over HTTP on connections that stay open.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const OPERATOR = 'operator-token-0123456789';
const PARTNER = 'partner-token-0123456789';
/** Mappings in one batch, as `sync.max_batch` allows. */
const BATCH = 1000;
/** Far longer than any answer takes, even on a busy machine: what is not there by then hangs. */
const PATIENCE = 300_000;

const CONFIG = `
[publisher]
domain = "publisher.example"
[ec]
passphrase = "a passphrase for the reference test"
admin_token = "${OPERATOR}"
# A busy machine may take longer for anything.
[ec.organic]
budget = "60s"
[ec.store]
call_timeout = "60s"
[ec.local]
request_timeout = "10m"
[ec.cas]
deadline = "60s"
# A record keeps the strings that decided, however long.
[ec.entry]
max_body_bytes = 1_000_000
[[ec.partners]]
source_domain = "partner.example"
api_token = "${PARTNER}"
`;

export class Service {
    /** A server at this place, with a store in memory and these further lines of its policy. */
    static async start(ec, geo, policy = '') {
        const service = new Service();
        service.folder = mkdtempSync(join(tmpdir(), 'consent-reference-'));
        const config = join(service.folder, 'trusted-server.toml');
        writeFileSync(config, CONFIG + policy);
        const arguments_ = ['serve', '--config', config, '--policies', join(service.folder, 'none'), '--addr', '127.0.0.1:0', '--store', 'memory', '--geo', geo];
        service.process = spawn(ec, arguments_, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, EC_LOG: 'error' } });
        let said = '';
        service.process.stderr.on('data', (data) => (said += data));
        const port = await new Promise((resolve, reject) => {
            service.process.on('exit', (code) => reject(new Error(`ec serve ended with ${code}: ${said}`)));
            const lines = createInterface({ input: service.process.stdout });
            lines.on('line', (line) => {
                const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(line);
                if (found) {
                    resolve(Number(found[1]));
                }
            });
        });
        service.port = port;
        return service;
    }

    async stop() {
        this.process.removeAllListeners('exit');
        const ended = new Promise((resolve) => this.process.on('exit', resolve));
        this.process.kill('SIGTERM');
        await ended;
        rmSync(this.folder, { recursive: true });
    }

    /** Live records with these ids, as a partner's syncs make them. */
    async create(ids) {
        const connection = new Connection(this.port);
        for (let from = 0; from < ids.length; from += BATCH) {
            const mappings = ids.slice(from, from + BATCH).map((id) => ({ ec_id: id, partner_uid: 'a', timestamp: 1_700_000_000 }));
            const body = JSON.stringify({ mappings });
            const answer = await connection.send(
                `POST /_ts/api/v1/batch-sync HTTP/1.1\r\nHost: publisher.example\r\nAuthorization: Bearer ${PARTNER}\r\n` +
                    `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
            );
            if (answer.status !== 200) {
                throw new Error(`batch-sync: ${answer.head}${answer.body}`);
            }
        }
        connection.close();
    }
}

/** Only a browser's page view makes an id. */
const BROWSER = 'GET / HTTP/1.1\r\nHost: publisher.example\r\nUser-Agent: Browser\r\nAccept: text/html\r\n';

/** One request: a page visit with these signals and this EC cookie. */
export function visit({ cookies, gpc }, ecCookie) {
    const lines = [`ts-ec=${ecCookie}${cookies.length > 0 ? `; ${cookies[0]}` : ''}`, ...cookies.slice(1)];
    return BROWSER + lines.map((line) => `Cookie: ${line}\r\n`).join('') +
        (gpc === undefined ? '' : `Sec-GPC: ${gpc}\r\n`) + '\r\n';
}

/** The decision that an answer to a visit with an EC cookie that is none shows: a new id, an expired cookie, or neither. */
export function verdict({ status, head }) {
    if (status !== 204) {
        return `status ${status}`;
    }
    const cookie = /^set-cookie: ts-ec=([^;\r]*)(.*)$/im.exec(head);
    if (!cookie) {
        return 'not granted';
    }
    return cookie[1] !== '' && !/max-age=0\b/i.test(cookie[2]) ? 'granted' : 'withdrawn';
}

/** The same signals, to be explained. */
export function explanation({ cookies, gpc, geo }) {
    const headers = cookies.map((line) => `Cookie: ${line}`).concat(gpc === undefined ? [] : `Sec-GPC: ${gpc}`);
    const body = JSON.stringify({ headers, ...(geo === 'none' ? {} : { geo }) });
    return `POST /_ts/admin/v1/consent/explain HTTP/1.1\r\nHost: publisher.example\r\nAuthorization: Bearer ${OPERATOR}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export const record = (id) => `GET /_ts/admin/v1/ec/${id} HTTP/1.1\r\nHost: publisher.example\r\nAuthorization: Bearer ${OPERATOR}\r\n\r\n`;

/** A connection that stays open, with one request on it at a time. */
export class Connection {
    constructor(port) {
        this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
        this.socket.setTimeout(PATIENCE, () => this.socket.destroy(new Error('no answer')));
        this.rest = Buffer.alloc(0);
        this.socket.on('data', (data) => {
            this.rest = Buffer.concat([this.rest, data]);
            this.take();
        });
        const fail = (error) => this.waiting?.reject(error ?? new Error('the connection was closed'));
        this.socket.on('error', fail);
        this.socket.on('close', () => fail());
    }

    send(request) {
        return new Promise((resolve, reject) => {
            this.waiting = { resolve, reject };
            this.socket.write(request);
        });
    }

    take() {
        const end = this.rest.indexOf('\r\n\r\n');
        if (end < 0 || !this.waiting) {
            return;
        }
        const head = this.rest.subarray(0, end + 2).toString('latin1');
        const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        if (this.rest.length < end + 4 + length) {
            return;
        }
        const body = this.rest.subarray(end + 4, end + 4 + length).toString();
        this.rest = this.rest.subarray(end + 4 + length);
        const { resolve } = this.waiting;
        this.waiting = undefined;
        resolve({ status: Number(head.slice(9, 12)), head, body });
    }

    close() {
        this.socket.removeAllListeners('close');
        this.socket.end();
    }
}
