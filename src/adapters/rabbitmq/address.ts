import { CarillonError } from '../../core/errors.ts';

/** The environment's name of the address; messages name it. */
export const urlSetting = 'CARILLON_RABBITMQ_URL';

/** Where RabbitMQ is. `url` holds the password and never goes into a message; `shown` does. */
export type Address = { readonly url: string; readonly shown: string; readonly user: string; readonly vhost: string };

/** Each side drops the other after two to three of them in silence, and only then a queue goes to the next consumer. */
const heartbeatSeconds = 2;

const example = 'amqp://user:password@host:5672/vhost';
const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;
const defaultName = 'guest';

const parsed = (
  text: string,
): { readonly address: URL; readonly user: string; readonly vhost: string; readonly password: string } | null => {
  try {
    const address = new URL(text);
    const [user, password, vhost] = [address.username, address.password, address.pathname.slice(1)].map(decodeURIComponent) as [
      string,
      string,
      string,
    ];
    // amqplib signs in as guest when the address names nobody.
    const nobody = user === '' && password === '';
    return { address, user: nobody ? defaultName : user, password: nobody ? defaultName : password, vhost: vhost || '/' };
  } catch {
    return null;
  }
};

/** Reads the address. Throws `config-invalid`, also for RabbitMQ's default credentials on another machine. */
export const addressOf = (text: string): Address => {
  const found = parsed(text);
  if (found === null || !['amqp:', 'amqps:'].includes(found.address.protocol) || found.address.hostname === '')
    throw new CarillonError('config-invalid', `${urlSetting} is not an AMQP address; write it as ${example}`);
  const { address, user, password, vhost } = found;
  if (user === defaultName && password === defaultName && !loopback.test(address.hostname))
    throw new CarillonError(
      'config-invalid',
      `${urlSetting} uses RabbitMQ's default credentials on ${address.host}; make a user of your own ("rabbitmqctl add_user") and write ${example}`,
    );
  if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', String(heartbeatSeconds));
  return { url: address.href, shown: `${address.protocol}//${address.host}${address.pathname || '/'}`, user, vhost };
};
