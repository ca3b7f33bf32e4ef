// Plain JavaScript on purpose: it must parse and speak on the old Node that it is there to refuse.

var parts = process.versions.node.split('.').map(Number);
if (parts[0] < 24 || (parts[0] === 24 && parts[1] < 16)) {
  console.error(
    'carillon needs Node 24.16 or newer, and this is Node ' +
      process.versions.node +
      '.\n' +
      'In a clone: "npm ci" installs a private Node 24, and "npm start" / "npm run carillon --" use it.\n' +
      'Outside npm: put node_modules/.bin first on the PATH, or install Node 24 (https://nodejs.org).',
  );
  process.exit(1);
}
