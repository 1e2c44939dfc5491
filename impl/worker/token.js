// SPDX-License-Identifier: Apache-2.0
// The control plane's bearer token.

const digest = (text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));

/** Whether the request carries the token. Digests are compared, in constant time, so that neither length nor prefix
 * of the token can be told from how long the answer takes. Without a token in the environment nothing is let in. */
export async function isAuthorized(request, token) {
  const [, said] = /^Bearer +([^ ]+)$/i.exec(request.headers.get("Authorization") ?? "") ?? [];
  const [a, b] = await Promise.all([digest(said ?? ""), digest(token ?? "")]);
  return crypto.subtle.timingSafeEqual(a, b) && said !== undefined && Boolean(token);
}
