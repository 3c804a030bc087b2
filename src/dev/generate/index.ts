export { clusters } from './clusters';
export { loadAssignment } from './endpoints';
export { pb } from './pb';
export { routeConfiguration } from './routes';
