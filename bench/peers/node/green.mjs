// One GET of green, as the hooks of this folder make it: the status, or an error after five seconds.
import http from 'node:http';
import https from 'node:https';

export const statusOf = (url) =>
  new Promise((resolve, reject) => {
    const client = url.startsWith('https:') ? https : http;
    const request = client.get(url, { timeout: 5000 }, (response) => {
      response.on('end', () => resolve(response.statusCode)).on('error', reject).resume();
    });
    request.on('timeout', () => request.destroy(new Error('no answer within 5 s'))).on('error', reject);
  });

export const isGood = (status) => status >= 200 && status < 300;
