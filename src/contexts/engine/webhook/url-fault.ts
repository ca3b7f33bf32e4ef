const maxLength = 1_000;
const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Why an address may not be a webhook's; null when it may. Plain http is for this machine only, which is dialled only when a
 * setting says so. Where a name leads to is checked at each delivery: it may lead elsewhere by then.
 */
export const urlFault = (text: string): string | null => {
  const url = URL.parse(text);
  if (url === null || text.length > maxLength) return `not a URL of at most ${maxLength} characters`;
  if (url.username !== '' || url.password !== '') return 'credentials in the URL would stand in the log';
  if (url.hash !== '') return 'a fragment is never sent';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && loopbackNames.includes(url.hostname))) return null;
  return 'only https';
};
