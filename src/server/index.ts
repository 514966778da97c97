/** Server: doors for other programs; today JSON lines over standard input and output. */
export { RpcServer, serveRpc } from './rpc.ts'
