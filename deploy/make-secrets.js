// Makes the files that docker-compose.yml mounts as secrets, each with values of its own; what is there stays.
//
//   node deploy/make-secrets.js [folder]
//
// The folder is for its owner only. The files are readable for all inside of it: the users of the containers are others.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? join(import.meta.dirname, 'secrets'));
mkdirSync(folder, { recursive: true, mode: 0o700 });

const random = () => randomBytes(24).toString('base64url');
const secret = (name, make) => {
  const file = join(folder, name);
  if (!existsSync(file)) writeFileSync(file, `${make()}\n`, { mode: 0o444 });
  return readFileSync(file, 'utf8').trim();
};

const postgres = secret('postgres_password', random);
secret('postgres_url', () => `postgres://carillon:${postgres}@postgres:5432/carillon`);
const broker = secret('rabbitmq_password', random);
secret('rabbitmq_url', () => `amqp://carillon:${broker}@rabbitmq:5672/`);
secret('rabbitmq_conf', () => `default_user = carillon\ndefault_pass = ${broker}`);
secret('kurrentdb_url', () => 'kurrentdb://kurrentdb:2113?tls=false');
secret('admin_token', () => `crl_${randomBytes(8).toString('hex')}_${randomBytes(32).toString('base64url')}`);
console.log(`secrets are in ${folder}`);
