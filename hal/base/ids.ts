/** Identifiers that destroy data when mixed up, branded so that the compiler keeps them apart. */
declare const brand: unique symbol;
type Brand<T, B extends string> = T & { readonly [brand]: B };

/** A configured server's name, e.g. `SERVER1`; 1-15 characters `[A-Za-z0-9-]`. */
export type ServerName = Brand<string, "ServerName">;
/** A failover group's name. */
export type GroupName = Brand<string, "GroupName">;
/** A heartbeat path's id from the configuration, e.g. `lan1`, `com1`. */
export type PathId = Brand<string, "PathId">;
/** 16 hex digits, one per OS boot (virtual appliance: one per power-on by the rack). */
export type HostIncarnation = Brand<string, "HostIncarnation">;

export const serverName = (text: string): ServerName => text as ServerName;
export const groupName = (text: string): GroupName => text as GroupName;
export const pathId = (text: string): PathId => text as PathId;
export const hostIncarnation = (text: string): HostIncarnation => text as HostIncarnation;

/** Position of a server in the configuration's server list; also its cluster priority, 0 best. */
export type ServerIndex = number;
