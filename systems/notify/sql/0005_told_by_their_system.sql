-- What very many are told of is told in portions by the system that knows them (chat: NO33); nothing ever stood in here.
DROP TABLE notify_fan_outs;
