/**
 * The part of local.json about brokers of others: signed commands over a customer's broker, this server's
 * TLS listener, the brokers of the other servers. Only the check; the types stand in local.ts.
 * Source: ecosystem.md 1.2, 1.4.
 */

type Refuse = (what: string) => never;

const SERVER_URL = /^mqtts:\/\/[^/@\s]+$/;

/** Calls `refuse` with what is wrong, e.g. `.brokerTls" must be ...`. */
export function checkBrokerParts(value: Readonly<Record<string, unknown>>, refuse: Refuse): void {
  const { allowRemoteCommands, operatorKeys, brokerTls, peerBrokers } = value;
  if (allowRemoteCommands !== undefined && typeof allowRemoteCommands !== "boolean") {
    refuse('.allowRemoteCommands" must be true or false');
  }
  if (operatorKeys !== undefined && !isAbsolute(operatorKeys)) {
    refuse('.operatorKeys" must be an absolute path');
  }
  if (brokerTls !== undefined) checkTls(brokerTls, refuse);
  if (peerBrokers === undefined) return;
  const urls = isRecord(peerBrokers) ? Object.values(peerBrokers) : [null];
  if (urls.some((url) => typeof url !== "string" || !SERVER_URL.test(url))) {
    refuse('.peerBrokers" must map server names to addresses like "mqtts://192.168.1.2:8883"');
  }
  if (brokerTls === undefined) {
    refuse('.peerBrokers" needs "brokerTls": its folder has the authority that is trusted');
  }
}

function checkTls(value: unknown, refuse: Refuse): void {
  const { listen, folder } = isRecord(value) ? value : {};
  if (typeof listen !== "string" || !/^[^\s/]+:\d{1,5}$/.test(listen)) {
    refuse('.brokerTls.listen" must be host:port, like "192.168.1.1:8883"');
  }
  if (folder !== undefined && !isAbsolute(folder)) {
    refuse('.brokerTls.folder" must be an absolute path');
  }
}

const isAbsolute = (value: unknown): boolean => typeof value === "string" && value.startsWith("/");

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
