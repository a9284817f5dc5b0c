-- Takes from several counters at once: from all of them or from none, so a refusal costs nothing elsewhere.
--
-- KEYS     a hash per counter; all carry the tenant as hash tag, so that in a cluster they lie in one slot
-- ARGV     the window in seconds; then for each counter what to take (0 to read only) and how much the window allows
-- returns  the current second; then for each counter: how much is left, the seconds until more is free (0: all is), and
--          the seconds until this would have fit (0: it does, -1: it never will)
--
-- A hash has a field per second with what was taken in it, `sum` of these, `old` the first of them, `at` the last update.
-- A second counts until it lies outside the window as a whole: no stretch of the window's length, wherever it begins,
-- holds more than the limit. accounts/limits/local.py does the same in Python.
local window = tonumber(ARGV[1])
local time = redis.call('TIME')
local clock = tonumber(time[1]) + tonumber(time[2]) / 1000000
local now = tonumber(time[1])
local counters = {}

local function seconds(from, to)
    local names = {}
    for second = from, to do
        names[#names + 1] = tostring(second)
    end
    return names
end

for index, key in ipairs(KEYS) do
    local found = redis.call('HMGET', key, 'sum', 'old', 'at')
    local counter = { sum = tonumber(found[1]) or 0, old = tonumber(found[2]), at = tonumber(found[3]) }
    if counter.at and (counter.at > now + window or counter.at < now - window) then
        -- Long ago; or a clock that ran ahead was set right meanwhile.
        redis.call('DEL', key)
        counter = { sum = 0 }
    end
    counters[index] = counter
end
for _, counter in ipairs(counters) do
    -- A clock that goes back a little, for example with a failover, must not make the past count again.
    now = math.max(now, counter.at or now)
end

local fits = true
for index, key in ipairs(KEYS) do
    local counter = counters[index]
    if counter.at and counter.at < now and counter.sum > 0 then
        local names = seconds(counter.old, counter.at)
        local gone, first = {}, nil
        for place, taken in ipairs(redis.call('HMGET', key, unpack(names))) do
            local second = counter.old + place - 1
            taken = tonumber(taken) or 0
            if taken > 0 and second < now - window then
                counter.sum = counter.sum - taken
                gone[#gone + 1] = names[place]
            elseif taken > 0 then
                first = first or second
            end
        end
        if #gone > 0 then
            redis.call('HDEL', key, unpack(gone))
        end
        counter.old = first or now
        redis.call('HSET', key, 'sum', counter.sum, 'old', counter.old, 'at', now)
    end
    counter.cost, counter.limit = tonumber(ARGV[2 * index]), tonumber(ARGV[2 * index + 1])
    counter.wait = 0
    if counter.cost > 0 and counter.sum + counter.cost > counter.limit then
        fits = false
        counter.wait = -1
        local missing = counter.sum + counter.cost - counter.limit
        if counter.cost <= counter.limit then
            for place, taken in ipairs(redis.call('HMGET', key, unpack(seconds(counter.old, now)))) do
                missing = missing - (tonumber(taken) or 0)
                if missing <= 0 then
                    counter.wait = math.ceil(counter.old + place + window - clock)
                    break
                end
            end
        end
    end
end

local answer = { now }
for index, key in ipairs(KEYS) do
    local counter = counters[index]
    if fits and counter.cost > 0 then
        if counter.sum == 0 then
            counter.old = now
        end
        counter.sum = counter.sum + counter.cost
        redis.call('HINCRBY', key, tostring(now), counter.cost)
        redis.call('HSET', key, 'sum', counter.sum, 'old', counter.old, 'at', now)
        redis.call('EXPIRE', key, 2 * window)
    end
    answer[#answer + 1] = math.max(0, counter.limit - counter.sum)
    answer[#answer + 1] = counter.sum > 0 and math.ceil(counter.old + window + 1 - clock) or 0
    answer[#answer + 1] = counter.wait
end
return answer
