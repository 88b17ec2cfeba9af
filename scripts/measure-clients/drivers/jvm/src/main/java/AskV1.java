import com.amazonaws.auth.DefaultAWSCredentialsProviderChain;
import java.io.BufferedReader;
import java.io.InputStreamReader;

/** Asks the AWS SDK for Java v1 for the credentials of AWS_PROFILE of each folder on stdin: prints `ok KEY_ID` or `error REASON`. */
public final class AskV1 {
    public static void main(String[] words) throws Exception {
        System.setProperty("aws.profile", System.getenv().getOrDefault("AWS_PROFILE", "p"));
        BufferedReader folders = new BufferedReader(new InputStreamReader(System.in));
        for (String folder = folders.readLine(); folder != null; folder = folders.readLine()) {
            System.setProperty("user.home", folder);
            String answer;
            try {
                answer = "ok " + new DefaultAWSCredentialsProviderChain().getCredentials().getAWSAccessKeyId();
            } catch (Throwable problem) {
                answer = "error " + problem.toString().replace('\n', ' ');
            }
            System.out.println(answer);
        }
        System.exit(0);
    }
}
