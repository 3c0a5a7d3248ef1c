import http from 'node:http';

/** Sends one request to the control endpoint of a lab; the text of its answer. Rejects unless it is answered with 200. */
export function askLabControl(url: string, method: string, body?: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${method} ${url} answered ${response.statusCode ?? 0}: ${text}`));
      });
    });
    request.once('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
