// SPDX-License-Identifier: Apache-2.0
const http = require('http');
for (let i = 0; i < 5; ++i) http.get(process.argv[2], response => response.resume());
