-- What is triggered by an event is triggered by one in whichever month.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT tgname, pg_get_triggerdef(oid) AS text FROM pg_trigger
                 WHERE tgrelid = 'events_event_past'::regclass AND NOT tgisinternal AND tgparentid = 0 LOOP
        EXECUTE format('DROP TRIGGER %I ON events_event_past', found.tgname);
        EXECUTE replace(found.text, ' ON public.events_event_past ', ' ON public.events_event ');
    END LOOP;
END $$;
