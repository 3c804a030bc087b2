import { status } from '@grpc/grpc-js';
import type { LogLevel } from '../../observe';
import { Refusal } from './credentials';

/** Why a stream ended, as a line for the operator: what, where, what to do. */
export interface FailureLine {
  readonly level: LogLevel;
  readonly event: 'link.refused' | 'link.down';
  readonly message: string;
}

interface GrpcError {
  readonly code?: number;
  readonly details?: string;
}

/** What follows for an application; a command that asks once leaves it away. */
export const KEEPS_TRYING = 'calls keep their last known routes, trying again';

const CERTIFICATE =
  /certificate|self.signed|altname|unable to get (local )?issuer|ERR_TLS|CERT_|DEPTH_ZERO|wrong version number|packet length too long|EPROTO|SSL routines/i;

/** `address` is the control plane's URL. */
export function describeFailure(error: unknown, address: string): FailureLine {
  if (error instanceof Refusal) {
    return {
      level: 'error',
      event: 'link.refused',
      message: `no connection to the control plane: ${error.message}`,
    };
  }
  const { code, details } = error as GrpcError;
  const why = causeOf(details || (error instanceof Error ? error.message : String(error)));
  if (code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED) {
    const todo = address.startsWith('grpcs:')
      ? 'check that INMESH_TOKEN names a valid token of this workload and that POD_NAMESPACE and SERVICE_ACCOUNT are its own'
      : 'it wants an identity: use grpcs:// with INMESH_TOKEN';
    return refused(`the control plane ${address} refused this process (${why}); ${todo}`);
  }
  if (code === status.INVALID_ARGUMENT) {
    return refused(
      `the control plane ${address} refused this process's node (${why}); check POD_NAME, POD_NAMESPACE, INSTANCE_IP and ISTIO_META_*`,
    );
  }
  if (code === status.UNIMPLEMENTED) {
    return refused(`${address} does not speak delta ADS (${why}); INMESH_XDS must name an istiod's xDS port`);
  }
  if (code === status.UNAVAILABLE && CERTIFICATE.test(why)) {
    return refused(
      `the certificate of the control plane ${address} was not accepted (${why}); ` +
        'check INMESH_XDS_CA (root certificate) and INMESH_XDS_SERVER_NAME (name in its certificate)',
    );
  }
  return {
    level: 'warn',
    event: 'link.down',
    message: `the control plane ${address} cannot be reached (${why}); ${KEEPS_TRYING}`,
  };
}

/** grpc-js wraps the cause in how it got there: `No connection established. Last error: Error: … Resolution note: `. */
function causeOf(details: string): string {
  const [, last = details, note = ''] =
    /Last error: (.*?)(?:\. Resolution note: (.*))?$/s.exec(details) ?? [];
  const cause = last.replace(/^(?:\w*Error: )+/, '');
  if (cause !== 'null' && cause !== 'undefined' && cause !== '') return cause;
  return note || 'no connection was made';
}

function refused(message: string): FailureLine {
  return { level: 'error', event: 'link.refused', message };
}
