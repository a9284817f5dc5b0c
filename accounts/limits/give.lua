-- Gives back what take.lua took and was not used.
--
-- KEYS  the same counters
-- ARGV  the second of the taking; then for each counter how much comes back
for index, key in ipairs(KEYS) do
    local back = math.min(tonumber(ARGV[index + 1]), tonumber(redis.call('HGET', key, ARGV[1])) or 0)
    if back > 0 then
        redis.call('HINCRBY', key, 'sum', -back)
        if redis.call('HINCRBY', key, ARGV[1], -back) == 0 then
            redis.call('HDEL', key, ARGV[1])
        end
    end
end
return redis.status_reply('OK')
