// Whether the process of this container is well: 0 yes, 1 no, with one line that says why. The image has no curl.
//
//   node deploy/health.js http     it takes work (GET /readyz on its own port); "live": it answers at all (GET /livez)
//   node deploy/health.js broker   for roles that serve no HTTP: it holds a connection to RabbitMQ
//   node deploy/health.js wedged   for a liveness probe: 1 only when RabbitMQ has given the process up and it does not notice
//
// The client has to answer RabbitMQ's heartbeat every 2 s from its event loop. A process that hangs is dropped by the broker
// within seconds, and keeps the dead socket until it closes it, which it does not do while its loop hangs. So the state of
// the socket tells of a hanging process, and, unlike a connection of the probe's own, of this process only.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const established = '01';
const closeWait = '08';
const httpMs = 4_000;

const setting = (name, fallback = '') =>
  process.env[name] ?? (process.env[`${name}_FILE`] ? readFileSync(process.env[`${name}_FILE`], 'utf8').trim() : fallback);

const brokerPort = () => {
  const { protocol, port } = new URL(setting('CARILLON_RABBITMQ_URL'));
  return Number(port || (protocol === 'amqps:' ? 5671 : 5672));
};

/** Inodes of the sockets that a process holds. */
const socketsOf = (pid) =>
  new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // Closed meanwhile.
      }
    }),
  );

/** The system's tables of sockets, and the column that each has the inode in. A socket that was reset stands in none of them. */
const tables = { tcp: 9, tcp6: 9, udp: 9, udp6: 9, unix: 6, netlink: 9, raw: 9, packet: 8 };

const rowsOf = (pid, table) => {
  try {
    const lines = readFileSync(`/proc/${pid}/net/${table}`, 'utf8').split('\n').slice(1);
    return lines.map((line) => line.trim().split(/\s+/)).map((columns) => ({ table, columns, inode: columns[tables[table]] }));
  } catch {
    return []; // A kernel without it.
  }
};

/** What became of a process's connections to a port; `reset`: it holds a socket that the other side has done away with. */
const connectionsOf = (pid, port) => {
  const before = socketsOf(pid);
  const rows = Object.keys(tables).flatMap((table) => rowsOf(pid, table));
  const listed = new Set(rows.map(({ inode }) => inode));
  const states = rows
    .filter(({ table, columns, inode }) => table.startsWith('tcp') && before.has(inode) && portOf(columns[2]) === port)
    .map(({ columns }) => columns[3]);
  // Held before and after, so that one which was opened or closed meanwhile is none.
  const reset = [...socketsOf(pid)].some((inode) => before.has(inode) && !listed.has(inode));
  return { open: states.includes(established), halfClosed: states.includes(closeWait), reset };
};

const portOf = (address) => Number.parseInt(address.slice(address.lastIndexOf(':') + 1), 16);

const http = async (path) => {
  const url = `http://127.0.0.1:${setting('CARILLON_PORT', '7070')}${path}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(httpMs) });
  return answer.ok ? null : `${path} answers ${answer.status}`;
};

const checks = {
  http: () => http('/readyz'),
  live: () => http('/livez'),
  broker: (pid) => (connectionsOf(pid, brokerPort()).open ? null : 'it holds no connection to RabbitMQ'),
  wedged: (pid) => {
    const { open, halfClosed, reset } = connectionsOf(pid, brokerPort());
    return !open && (halfClosed || reset) ? 'RabbitMQ has dropped it, and it does not notice' : null;
  },
};

const [check = '', pid = '1'] = process.argv.slice(2);
const run = Object.hasOwn(checks, check) ? checks[check] : () => `usage: node deploy/health.js ${Object.keys(checks).join('|')} [pid]`;
let trouble;
try {
  trouble = await run(pid);
} catch (error) {
  trouble = error.message;
}
if (trouble !== null) {
  console.error(trouble);
  process.exitCode = 1;
}
