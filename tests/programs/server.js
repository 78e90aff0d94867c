// SPDX-License-Identifier: Apache-2.0
const [address, port] = process.argv.slice(2);
require('http').createServer((request, response) => response.end('x'.repeat(100000))).listen(port, address);
