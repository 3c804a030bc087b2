// pino.ts is left out on purpose: who wants it imports it by its path, so that the preload's bundle never has it.
export { callStack } from './call-stack';
export * from './log';
export { MainLog, type MainLogOptions } from './main-log';
