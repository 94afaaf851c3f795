// One large answer; no handler for any signal, as in the first example of Node's documentation.
const body = Buffer.alloc(50_000_000, 'x');
require('http').createServer((_, answer) => answer.end(body)).listen(80);
