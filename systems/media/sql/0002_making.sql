-- Ladders have another form from here on: names by track, several sounds. What was ready plays on from the lists that it has;
-- what was being made begins again when its owner asks for it.
DELETE FROM media_rungs USING media_videos v
  WHERE v.id = media_rungs.video_id AND v.ladder IS NOT NULL AND v.status <> 'ready';
UPDATE media_videos SET status = 'failed', failure_code = 'media.gave_up', failure_can_retry = true, failed_at = now(), job_id = NULL,
    failure_detail = 'The house was renewed while this video was being made. Try again.'
  WHERE status = 'processing' AND ladder IS NOT NULL;
UPDATE media_videos SET ladder = NULL, source = NULL, playable_at = CASE WHEN status = 'ready' THEN playable_at END
  WHERE ladder IS NOT NULL;
