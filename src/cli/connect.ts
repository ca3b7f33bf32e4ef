import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../config.ts';
import { CarillonError } from '../core/errors.ts';
import { type Answer, type Client, findServer, httpClient, listens, type Method, unwrap } from './client.ts';

/** Flags that every command has. */
export type Common = {
  readonly folder?: string;
  readonly config?: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly output: 'table' | 'json' | 'ndjson';
  readonly color: 'auto' | 'always' | 'never';
};

/** The API in this process, on a folder that no server has open: nothing is scheduled while it is. */
const offlineClient = async (common: Common): Promise<Client> => {
  const { createApp } = await import('../app.ts');
  const config = await loadConfig({
    ...(common.folder === undefined ? {} : { folder: common.folder }),
    ...(common.config === undefined ? {} : { configFile: common.config }),
  });
  if (!existsSync(join(config.folder, 'events.db')))
    throw new CarillonError('service-unreachable', `No Carillon runs here, and there is no folder ${config.folder}`);
  const app = await createApp(config, { listen: false, ticker: false });
  const ask = (method: Method, path: string, body?: unknown, contentType?: string): Promise<Answer> =>
    app.inject(method, path, body as never, contentType);
  return {
    where: config.folder,
    ask,
    call: async <T>(method: Method, path: string, body?: unknown, contentType?: string): Promise<T> =>
      unwrap<T>(await ask(method, path, body, contentType)),
    open: async () => null,
    close: app.close,
  };
};

/** The running server when there is one, else the folder itself. */
export const connect = async (common: Common): Promise<Client> => {
  const options = {
    ...(common.url === undefined ? {} : { url: common.url }),
    ...(common.tokenFile === undefined ? {} : { tokenFile: common.tokenFile }),
  };
  const { folder } = await loadConfig({
    ...(common.folder === undefined ? {} : { folder: common.folder }),
    ...(common.config === undefined ? {} : { configFile: common.config }),
  });
  const server = findServer(folder, options);
  return server !== null && (server.named || (await listens(server.url))) ? httpClient(server) : offlineClient(common);
};

/** Runs one command's work with a client, and lets go of it. */
export const withClient = async <T>(common: Common, work: (client: Client) => Promise<T>): Promise<T> => {
  const client = await connect(common);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
};
