/** The bridge's log: one line for each change, none for a poll. */

import type { Log } from '../../observe';
import type { CertificateEvents, ClientRecord, McpEvents, TypeRecord } from '../mcp';
import type { BridgeMetrics } from '../metrics';
import type { SourceLog, SourceState } from '../model';
import type { SnapshotEvents } from '../snapshot';

const NAMES_SHOWN = 5;

export class BridgeLog {
  private lines = 0;

  constructor(private readonly log: Log) {}

  /** Every line counts: none is left out for being like another. */
  line(
    level: 'debug' | 'info' | 'warn' | 'error',
    event: string,
    message: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): void {
    this.log.line(level, event, message, fields, String(++this.lines));
  }

  /** For a source or the catalogue: their events have facts, and a sentence under `detail` or `reason`. */
  source(name?: string): SourceLog {
    const write = (level: 'info' | 'warn') => (event: string, fields: Readonly<Record<string, unknown>>) => {
      const all = name === undefined ? fields : { source: name, ...fields };
      const said = fields['message'] ?? fields['detail'] ?? fields['reason'];
      const words = event.slice(event.indexOf('.') + 1).replaceAll(/[.-]/g, ' ');
      const subject = all['source'] === undefined ? '' : `${all['source']}: `;
      this.line(level, event, `${subject}${words}${said ? `: ${said}` : ''}`, all);
    };
    return { info: write('info'), warn: write('warn') };
  }

  sourceState(source: string, type: string, state: SourceState, detail: string | undefined): void {
    const said = detail ? `: ${detail}` : '';
    const level = state === 'down' ? 'warn' : 'info';
    const fields = { source, type, state, ...(detail && { detail }) };
    this.line(level, `source.${state}`, `source ${source} is ${state}${said}`, fields);
  }

  /** Entries that came, went or changed. */
  served(changed: ReadonlySet<string>): void {
    if (changed.size === 0) return;
    const names = [...changed].slice(0, NAMES_SHOWN);
    const more = changed.size > names.length ? ` and ${changed.size - names.length} more` : '';
    const message = `changed: ${names.join(', ')}${more}`;
    this.line('info', 'bridge.changed', message, { changed: changed.size });
  }
}

/** What happens on streams, to the log and the metrics. */
export function mcpEvents(log: BridgeLog, metrics: BridgeMetrics): McpEvents & CertificateEvents {
  const who = ({ id, peer }: ClientRecord) => id || peer;
  const fields = (client: ClientRecord, type?: TypeRecord) => ({
    node: client.id,
    peer: client.peer,
    ...(type && { type: type.typeUrl, version: type.sentVersion }),
  });
  return {
    connected: (client) =>
      log.line('info', 'mcp.connected', `${who(client)} connected`, {
        ...fields(client),
        revision: client.revision,
        protocol: client.protocol,
      }),
    disconnected: (client, reason) =>
      log.line('info', 'mcp.disconnected', `${who(client)} is gone: ${reason}`, {
        ...fields(client),
        reason,
      }),
    sent: (client, type, resources, bytes) => {
      metrics.sent(bytes);
      log.line('debug', 'mcp.sent', `${resources} ${type.typeUrl} sent to ${who(client)}`, {
        ...fields(client, type),
        resources,
        bytes,
      });
    },
    written: (_, times) => metrics.written(times),
    acked: (client, type, ms) => {
      metrics.acked(ms);
      log.line('debug', 'mcp.acked', `${who(client)} took ${type.typeUrl}`, { ...fields(client, type), ms });
    },
    refused: (client, type) => {
      metrics.refusal();
      log.line('warn', 'mcp.refused', `${who(client)} refused ${type.typeUrl}: ${type.refusal}`, {
        ...fields(client, type),
        reason: type.refusal,
      });
    },
    rendered: (_, __, ms) => metrics.rendered(ms),
    replaced: (subject, validTo) =>
      log.line('info', 'mcp.certificate', `new certificate ${subject}, valid until ${validTo}`, {
        subject,
        validTo,
      }),
    unusable: (reason) =>
      log.line('error', 'mcp.certificate-unusable', `${reason}; the one from before stays`, { reason }),
  };
}

export function snapshotEvents(log: BridgeLog, metrics: BridgeMetrics): SnapshotEvents {
  return {
    written: (bytes, ms) => {
      metrics.snapshotWritten(bytes, Date.now());
      log.line('debug', 'snapshot.written', `snapshot of ${bytes} bytes written`, { bytes, ms });
    },
    failed: (reason) => {
      metrics.snapshotFailed();
      log.line('error', 'snapshot.failed', reason, { reason });
    },
  };
}
